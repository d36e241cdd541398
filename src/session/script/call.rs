//! One call of a script function: its arguments by name.

use super::convert::open_range;
use super::error::nearest;
use super::home::{expanded, is_path};
use super::signature::{RECEIVER, Signature};
use super::wording::with_article;
use super::{FromScript, ScriptError, ScriptValue, Shown, Unknown, describe};
use rhai::{Dynamic, FnPtr, FuncArgs, Map, NativeCallContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A request to stop, shared by a session and everything that runs long in it.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Stop>);

#[derive(Debug, Default)]
struct Stop {
    asked: AtomicBool,
    runs: AtomicU64,
}

impl CancelToken {
    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    /// Forgets the request: a new run begins.
    pub fn reset(&self) {
        self.0.runs.fetch_add(1, Ordering::Relaxed);
        self.0.asked.store(false, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// How many runs have begun.
    pub(super) fn runs(&self) -> u64 {
        self.0.runs.load(Ordering::Relaxed)
    }
}

/// Puts all arguments from one on into one array, those of arrays one by one.
fn gather(positional: &mut Vec<Dynamic>, first: usize) {
    if positional.len() <= first {
        return;
    }
    let mut all = Vec::new();
    for argument in positional.split_off(first) {
        match argument.is_array() {
            true => all.extend(argument.into_array().unwrap_or_default()),
            false => all.push(argument),
        }
    }
    positional.push(Dynamic::from_array(all));
}

/// The arguments of a call, checked against the function's signature.
pub struct Call<'a> {
    /// Not there when the body runs on a thread of its own.
    context: Option<NativeCallContext<'a>>,
    signature: Arc<Signature>,
    positional: Vec<Dynamic>,
    options: Map,
}

impl<'a> Call<'a> {
    /// Sorts the arguments of a call into parameters and options and checks them.
    pub(super) fn new(
        signature: &Arc<Signature>,
        context: NativeCallContext<'a>,
        args: &[&mut Dynamic],
    ) -> Result<Call<'a>, ScriptError> {
        let mut positional: Vec<Dynamic> = args.iter().map(|arg| arg.flatten_clone()).collect();
        let takes_options = signature.takes_options();
        let last = positional
            .len()
            .checked_sub(1)
            .and_then(|last| signature.parameters.get(last));
        let is_value = last.is_some_and(|p| p.may_be_map && p.default.is_none());
        let options = match positional
            .last()
            .and_then(|last| last.clone().try_cast::<Map>())
        {
            Some(map) if takes_options && !is_value => {
                positional.pop();
                map
            }
            _ => Map::new(),
        };
        if signature.gathers {
            gather(&mut positional, signature.parameters.len() - 1);
        }
        if positional.len() > signature.parameters.len() {
            let extra = &positional[signature.parameters.len()];
            let wanted = if takes_options {
                "only an option map can follow"
            } else {
                "nothing can follow"
            };
            return Err(ScriptError::new(format!(
                "`{}` does not take {}: {wanted}",
                signature.name,
                describe(extra)
            ))
            .caused_by(extra)
            .hint(format!("usage: {}", signature.text())));
        }
        if let Some(missing) = signature
            .parameters
            .get(positional.len())
            .filter(|p| p.default.is_none())
        {
            return Err(ScriptError::new(format!(
                "`{}` needs `{}`: {}",
                signature.name,
                missing.name,
                // The first sentence says what it is.
                missing.about.split(". ").next().unwrap_or_default()
            ))
            .hint(format!("usage: {}", signature.text())));
        }
        for (name, value) in &options {
            let of_position = signature.parameters.iter().any(|p| p.name == name.as_str());
            if signature.named.is_some() && !of_position {
                if let Some(range) = open_range(value) {
                    let hint = format!("write `{range}40`, with the end that is wanted");
                    return Err(wrong(name, "a range with both ends", value).hint(hint));
                }
                continue;
            }
            if !signature
                .options
                .iter()
                .any(|option| option.name == name.as_str())
            {
                return Err(unknown_option(signature, name));
            }
        }
        let given = signature.parameters.iter().zip(&positional);
        let chosen = signature
            .options
            .iter()
            .filter_map(|o| options.get(o.name.as_str()).map(|value| (o, value)));
        for (parameter, value) in given.chain(chosen) {
            if let Some(range) = open_range(value) {
                let hint = format!("write `{range}40`, with the end that is wanted");
                return Err(wrong(&parameter.name, "a range with both ends", value).hint(hint));
            }
            if !parameter.accepts(value) && !value.is::<Unknown>() {
                return Err(wrong(&parameter.name, &parameter.wanted, value));
            }
        }
        let mut call = Call {
            context: Some(context),
            signature: signature.clone(),
            positional,
            options,
        };
        call.expand_paths()?;
        Ok(call)
    }

    /// Puts the user's folder in the place of `~` in all arguments that are paths.
    fn expand_paths(&mut self) -> Result<(), ScriptError> {
        let positional = self.signature.parameters.iter().zip(&mut self.positional);
        let positional = positional.map(|(parameter, value)| (parameter.name.as_str(), value));
        let options = self
            .options
            .iter_mut()
            .map(|(name, value)| (name.as_str(), value));
        for (name, value) in positional.chain(options).filter(|(name, _)| is_path(name)) {
            if let Some(expanded) = expanded(name, value, std::env::home_dir().as_deref())? {
                *value = expanded;
            }
        }
        Ok(())
    }

    /// The value the method was called on.
    ///
    /// # Errors
    /// Says what was wanted if it is something else, which the registration rules out.
    pub fn receiver<T: ScriptValue>(&self) -> Result<T, ScriptError> {
        self.value(RECEIVER)
    }

    /// An argument that is one of our own types.
    ///
    /// # Errors
    /// Says what was wanted and what was given.
    pub fn value<T: ScriptValue>(&self, name: &str) -> Result<T, ScriptError> {
        let value = self.raw(name);
        value
            .clone()
            .try_cast::<T>()
            .ok_or_else(|| wrong(name, &with_article(T::NAME), &value))
    }

    /// An argument by name, or its default.
    ///
    /// # Errors
    /// Says what was wanted and what was given.
    pub fn get<T: FromScript>(&self, name: &str) -> Result<T, ScriptError> {
        let value = self.raw(name);
        T::from_script(&value).ok_or_else(|| wrong(name, T::WANTED, &value))
    }

    /// An argument as it was given, or its default.
    pub fn raw(&self, name: &str) -> Dynamic {
        if let Some(index) = self
            .signature
            .parameters
            .iter()
            .position(|p| p.name == name)
        {
            let default = || self.signature.parameters[index].default.clone();
            return self
                .positional
                .get(index)
                .cloned()
                .or_else(default)
                .unwrap_or_default();
        }
        let option = self.signature.options.iter().find(|o| o.name == name);
        // A name misspelt in our own code would answer with nothing.
        assert!(
            option.is_some(),
            "the body of `{}` asks for `{name}`, which is not declared",
            self.signature.name
        );
        let default = || option.and_then(|o| o.default.clone());
        self.options
            .get(name)
            .cloned()
            .or_else(default)
            .unwrap_or_default()
    }

    /// The arguments that were given, by name.
    pub fn given(&self) -> impl Iterator<Item = (&str, &Dynamic)> {
        let positional = self
            .signature
            .parameters
            .iter()
            .map(|p| p.name.as_str())
            .zip(&self.positional);
        positional.chain(
            self.options
                .iter()
                .map(|(name, value)| (name.as_str(), value)),
        )
    }

    /// An error about an argument: what is wanted, what was given.
    pub fn wrong(&self, name: &str, wanted: &str) -> ScriptError {
        wrong(name, wanted, &self.raw(name))
    }

    /// What the word of an argument stands for, by the table that its words are listed of.
    ///
    /// # Errors
    /// Which words there are, for any other one.
    pub fn chosen<T: Copy>(
        &self,
        name: &str,
        meanings: &[(&'static str, T)],
    ) -> Result<T, ScriptError> {
        let given = self.get::<String>(name)?;
        let found = meanings.iter().find(|(word, _)| *word == given);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let quoted: Vec<String> = meanings
                .iter()
                .map(|(word, _)| format!("{word:?}"))
                .collect();
            let wanted = match quoted.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} or {last}", others.join(", "))
                }
                _ => quoted.concat(),
            };
            self.wrong(name, &wanted)
        })
    }

    /// Calls a function or closure of the script.
    ///
    /// # Errors
    /// Whatever the function reports.
    pub fn run(&self, function: &FnPtr, args: impl FuncArgs) -> Result<Dynamic, ScriptError> {
        function
            .call_within_context(self.context()?, args)
            .map_err(|error| ScriptError::from_nested(*error))
    }

    /// The context, for calls that outlive this one.
    ///
    /// # Errors
    /// If the function was not declared to [stay in the session](super::Function::in_session).
    pub fn context(&self) -> Result<&NativeCallContext<'a>, ScriptError> {
        let missing = || {
            ScriptError::new(format!(
                "internal error: `{}` has left its session",
                self.signature.name
            ))
        };
        self.context.as_ref().ok_or_else(missing)
    }

    /// The same call of the function that a method was made of.
    pub(super) fn without_receiver(&self, signature: &Arc<Signature>) -> Call<'static> {
        Call {
            context: None,
            signature: signature.clone(),
            positional: self.positional.iter().skip(1).cloned().collect(),
            options: self.options.clone(),
        }
    }

    /// The same call for another thread.
    pub(super) fn apart(self) -> Call<'static> {
        Call {
            context: None,
            signature: self.signature,
            positional: self.positional,
            options: self.options,
        }
    }

    /// Whether an argument is so large that what is done with it may take long.
    pub fn any_long(&self) -> bool {
        self.positional
            .iter()
            .chain(self.options.values())
            .any(Shown::is_long)
    }

    /// The arguments that are not known while a script is checked without data.
    pub(super) fn any_unknown(&self) -> bool {
        self.positional
            .iter()
            .chain(self.options.values())
            .any(Unknown::is_in)
    }
}

fn unknown_option(signature: &Signature, name: &str) -> ScriptError {
    if let Some(parameter) = signature.parameters.iter().find(|p| p.name == name) {
        return no_option(signature.name, name).hint(format!(
            "`{}` is given by its position: {}",
            parameter.name,
            signature.text()
        ));
    }
    let names: Vec<&str> = signature
        .options
        .iter()
        .map(|option| option.name.as_str())
        .collect();
    no_such_option(signature.name, name, &names)
}

fn no_option(function: &str, name: &str) -> ScriptError {
    ScriptError::new(format!("`{function}` has no option `{name}`"))
}

/// The error of an option that a function does not have, with those that it has.
pub(crate) fn no_such_option(function: &str, name: &str, names: &[&str]) -> ScriptError {
    let error = no_option(function, name);
    let list = format!("options: {}", names.join(", "));
    match nearest(name, names.iter().copied()) {
        Some(guess) => error.hint(format!("did you mean `{guess}`? {list}")),
        None => error.hint(list),
    }
}

pub(super) fn wrong(name: &str, wanted: &str, value: &Dynamic) -> ScriptError {
    ScriptError::new(format!(
        "`{name}` must be {wanted}, not {}",
        describe(value)
    ))
    .caused_by(value)
}

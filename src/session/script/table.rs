//! The table of all script functions: one list, many readers.

use super::error::nearest;
use super::function::Apart;
use super::signature::{Form, Signature};
use super::{Call, CancelToken, Function, ScriptError, Unknown, Written, misuse};
use rhai::{Dynamic, Engine, EvalAltResult, FuncRegistration, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether functions run, or a script is only checked without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They run.
    Run,
    /// Those that need data give an [`Unknown`].
    Check,
}

/// All functions of the language.
#[derive(Default)]
pub struct Table {
    functions: Vec<Arc<Function>>,
    written: Vec<Written>,
    foreign: BTreeMap<&'static str, String>,
}

impl Table {
    /// A table of some functions.
    pub fn new(functions: impl IntoIterator<Item = Function>) -> Table {
        Table {
            functions: functions.into_iter().map(Arc::new).collect(),
            ..Table::default()
        }
    }

    /// The same with names that people look for in vain, each with advice for its error. The first advice of a name holds.
    pub fn with_foreign(
        mut self,
        names: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Table {
        for (name, advice) in names {
            self.foreign.entry(name).or_insert(advice);
        }
        self
    }

    /// The advice for a name of another language or library, if it is known for one.
    pub fn foreign(&self, name: &str) -> Option<&str> {
        self.foreign.get(name).map(String::as_str)
    }

    /// The same with functions that are written in the language itself. Options that they take over from a declared
    /// function are told as that one tells them.
    pub fn with_written(mut self, mut written: Vec<Written>) -> Table {
        for function in &mut written {
            let taken = self.named(&function.options_of);
            let taken = taken.flat_map(Function::described_options).map(|option| {
                let about = format!("{} ({})", option.about, option.default_source);
                (option.name.clone(), about)
            });
            let taken: Vec<_> = taken.collect();
            function.options.extend(taken);
        }
        self.written.extend(written);
        self
    }

    /// The names of the options that a function takes, whatever it is written in; nothing if there is none of that name.
    pub(crate) fn options_of<'a>(&'a self, name: &'a str) -> Option<Vec<&'a str>> {
        let declared = self.named(name).flat_map(Function::described_options);
        let written = self.written.iter().filter(|function| function.name == name);
        let exists = self.named(name).next().is_some() || written.clone().next().is_some();
        let declared = declared.map(|option| option.name.as_str());
        let written =
            written.flat_map(|function| function.options.iter().map(|(name, _)| name.as_str()));
        exists.then(|| declared.chain(written).collect())
    }

    /// The functions that are written in the language itself.
    pub fn written(&self) -> &[Written] {
        &self.written
    }

    /// The functions in order of declaration.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().map(Arc::as_ref)
    }

    /// The functions of a name: one, or one for every type it is a method of.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Function> {
        self.functions()
            .filter(move |function| function.name() == name)
    }

    /// The names of all functions, each once.
    pub fn names(&self) -> BTreeSet<&str> {
        self.functions().map(Function::name).collect()
    }

    /// The name nearest to one that does not exist.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let declared = self.functions().filter(|f| f.is_called()).map(|f| f.name());
        nearest(
            name,
            declared.chain(self.written.iter().map(|function| function.name.as_str())),
        )
    }

    /// Names of the properties and methods of a type.
    pub fn members(&self, type_name: &str) -> Vec<&str> {
        self.functions()
            .filter(|f| f.receiver_name() == Some(type_name))
            .map(Function::name)
            .collect()
    }

    /// Makes every function known to an engine.
    pub(super) fn register(&self, engine: &mut Engine, mode: Mode, token: &CancelToken) {
        let mut module = Module::new();
        for function in self
            .functions
            .iter()
            .filter(|function| function.signature.form != Form::BuiltIn)
        {
            let receivers = &function.signature.receivers;
            for arity in arities(&function.signature) {
                let first = receivers.len();
                let types: Vec<TypeId> = (0..arity)
                    .map(|i| {
                        receivers
                            .get(i)
                            .map_or_else(TypeId::of::<Dynamic>, |(type_id, _)| *type_id)
                    })
                    .collect();
                // rhai prefers a function that names the types of its arguments.
                for built_in in BUILT_IN.iter().filter(|_| function.hides && arity > first) {
                    let mut named = types.clone();
                    named[first] = built_in();
                    register(&mut module, function, named.clone(), mode, token);
                    if arity > first + 1 {
                        named[first..].fill(built_in());
                        register(&mut module, function, named, mode, token);
                    }
                }
                register(&mut module, function, types, mode, token);
            }
        }
        engine.register_global_module(module.into());
    }
}

/// The numbers of arguments a function is registered with. One more than it takes is among them, so that its own message
/// says what is too much.
fn arities(signature: &Signature) -> std::ops::RangeInclusive<usize> {
    let n = signature.parameters.len();
    match signature.form {
        Form::Operator | Form::Property | Form::BuiltIn => n..=n,
        Form::Call => {
            let more = if signature.gathers { MOST_GATHERED } else { 1 };
            signature.receivers.len()..=n + more + usize::from(signature.takes_options())
        }
    }
}

/// Arguments that a parameter gathers at most; more stand in an array.
const MOST_GATHERED: usize = 16;

/// Types that functions of rhai's own take.
const BUILT_IN: [fn() -> TypeId; 3] = [
    TypeId::of::<i64>,
    TypeId::of::<f64>,
    TypeId::of::<rhai::Map>,
];

fn register(
    module: &mut Module,
    function: &Arc<Function>,
    types: Vec<TypeId>,
    mode: Mode,
    token: &CancelToken,
) {
    let name = match function.signature.form {
        Form::Property => format!("get${}", function.name()),
        _ => function.name().to_owned(),
    };
    let (function, token) = (function.clone(), token.clone());
    let run = move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
        let context =
            context.ok_or_else(|| ScriptError::new("internal error: a call without a context"))?;
        invoke(&function, context, args, mode, &token)
    };
    FuncRegistration::new(name).set_into_module_raw(
        module,
        types,
        RhaiFunc::Pure {
            func: Arc::new(run),
            has_context: true,
            is_pure: false,
            is_volatile: true,
        },
    );
}

fn invoke(
    function: &Arc<Function>,
    context: NativeCallContext<'_>,
    args: &[&mut Dynamic],
    mode: Mode,
    token: &CancelToken,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let advised = |error| {
        let args: Vec<Dynamic> = args.iter().map(|arg| arg.flatten_clone()).collect();
        misuse::advised(error, function, &args)
    };
    let call = Call::new(&function.signature, context, args).map_err(advised)?;
    if mode == Mode::Check && (function.reads_data || call.any_unknown()) {
        return Ok(Dynamic::from(Unknown));
    }
    let apart = match &function.apart {
        Apart::Never => false,
        Apart::WithLongArguments => call.any_long(),
        Apart::If(long) => long(&call),
    };
    if apart {
        let (body, call) = (function.body.clone(), call.apart());
        return Ok(token
            .unless_stopped(move || body(&call))?
            .map_err(advised)?);
    }
    Ok((function.body)(&call).map_err(advised)?)
}

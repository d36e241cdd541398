//! The declaration of a script function: what every reader, from help to the tests, knows of it.

use super::convert::as_source;
use super::{Call, FromScript, ScriptError, ScriptValue};
use rhai::Dynamic;
use std::any::TypeId;
use std::sync::Arc;

/// A chapter of the reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The session and general tools.
    Session,
    /// Numbers and what is computed from them.
    Numbers,
    /// Arrays.
    Arrays,
    /// Maps.
    Maps,
    /// Texts and bytes.
    Texts,
    /// Making, reading and writing sound.
    Sound,
    /// Parameters that are drawn.
    Distributions,
    /// Augmentations and features: the stages of recipes.
    Stages,
    /// Combining stages.
    Recipes,
    /// Synthesizers.
    Synthesis,
    /// Collections of clips.
    Data,
    /// Tensors and losses.
    Tensors,
    /// Layers, and the models that they make.
    Layers,
    /// Encoders and training.
    Training,
    /// Probes and reports.
    Judging,
}

impl Topic {
    /// The chapters in order, with their titles.
    pub const ALL: [(Topic, &'static str); 15] = [
        (Topic::Session, "Session"),
        (Topic::Sound, "Sound"),
        (Topic::Distributions, "Distributions"),
        (Topic::Stages, "Augmentations and features"),
        (Topic::Recipes, "Recipes"),
        (Topic::Synthesis, "Synthesizers"),
        (Topic::Data, "Data"),
        (Topic::Tensors, "Tensors and losses"),
        (Topic::Layers, "Layers and models of one's own"),
        (Topic::Training, "Encoders and training"),
        (Topic::Judging, "Judging"),
        (Topic::Numbers, "Numbers"),
        (Topic::Arrays, "Arrays"),
        (Topic::Maps, "Maps"),
        (Topic::Texts, "Texts and bytes"),
    ];
}

/// One parameter of a function.
#[derive(Clone)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// What it means, with its unit.
    pub about: String,
    /// What is wanted, in words.
    pub wanted: String,
    /// What it is if it is not given; `None` if it must be given.
    pub default: Option<Dynamic>,
    /// The default as a script would write it.
    pub default_source: String,
    /// Words that it may be, for whoever types one.
    pub words: Vec<String>,
    /// Whether a map in its place is its value even where options could stand: it must be given, so the map is no option map.
    pub(super) may_be_map: bool,
    accepts: Accepts,
}

/// Whether a value can be a parameter's.
type Accepts = Arc<dyn Fn(&Dynamic) -> bool + Send + Sync>;

impl Parameter {
    fn typed<T: FromScript>(name: &str, default: Option<Dynamic>, about: &str) -> Parameter {
        Parameter {
            name: name.to_owned(),
            about: about.to_owned(),
            wanted: T::WANTED.to_owned(),
            default_source: default.as_ref().map(as_source).unwrap_or_default(),
            default,
            words: Vec::new(),
            may_be_map: false,
            accepts: Arc::new(|value| T::from_script(value).is_some()),
        }
    }

    /// A parameter whose values are checked by the function itself.
    pub fn checked_inside(
        name: &str,
        wanted: String,
        default: Option<String>,
        about: &str,
    ) -> Parameter {
        Parameter {
            name: name.to_owned(),
            about: about.to_owned(),
            wanted,
            default: default.is_some().then_some(Dynamic::UNIT),
            default_source: default.unwrap_or_default(),
            words: Vec::new(),
            may_be_map: false,
            accepts: Arc::new(|_| true),
        }
    }

    /// Says which words it may be.
    pub fn with_words<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Parameter {
        self.words = words.into_iter().map(str::to_owned).collect();
        self
    }

    pub(super) fn accepts(&self, value: &Dynamic) -> bool {
        (self.accepts)(value)
    }
}

/// What a function does.
pub(super) type Body = Arc<dyn Fn(&Call<'_>) -> Result<Dynamic, ScriptError> + Send + Sync>;

/// How a function is written in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x)`, and `x.f()` if it has a receiver.
    Call,
    /// `x.f`.
    Property,
    /// `x f y`.
    Operator,
    /// As a call, of a function that the engine brings along.
    BuiltIn,
}

/// When a function runs on a thread of its own, so that the user need not wait for its end to stop it.
#[derive(Clone)]
pub(super) enum Apart {
    Never,
    WithLongArguments,
    If(Arc<dyn Fn(&Call<'_>) -> bool + Send + Sync>),
}

/// A script function.
#[derive(Clone)]
pub struct Function {
    pub(super) name: &'static str,
    pub(super) topic: Topic,
    pub(super) about: String,
    pub(super) notes: Vec<String>,
    pub(super) form: Form,
    /// Types of the leading arguments that select this function among others of its name.
    pub(super) receivers: Vec<(TypeId, &'static str)>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) options: Vec<Parameter>,
    /// Describes options that the user names.
    pub(super) named: Option<Parameter>,
    pub(super) returns: &'static str,
    pub(super) example: String,
    pub(super) reads_data: bool,
    pub(super) hides: bool,
    /// Whether the last parameter takes all arguments that are left, as an array.
    pub(super) gathers: bool,
    pub(super) apart: Apart,
    pub(super) body: Body,
}

impl Function {
    fn with_form<R: Into<Dynamic>>(
        name: &'static str,
        topic: Topic,
        form: Form,
        body: impl Fn(&Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        Function {
            name,
            topic,
            about: String::new(),
            notes: Vec::new(),
            form,
            receivers: Vec::new(),
            parameters: Vec::new(),
            options: Vec::new(),
            named: None,
            returns: "",
            example: String::new(),
            reads_data: false,
            hides: false,
            gathers: false,
            apart: if form == Form::Property {
                Apart::Never
            } else {
                Apart::WithLongArguments
            },
            body: Arc::new(move |call| body(call).map(Into::into)),
        }
    }

    /// A function.
    pub fn new<R: Into<Dynamic>>(
        name: &'static str,
        topic: Topic,
        body: impl Fn(&Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        Function::with_form(name, topic, Form::Call, body)
    }

    /// A property of a type, read without parentheses.
    pub fn property<T: ScriptValue, R: Into<Dynamic>>(
        name: &'static str,
        topic: Topic,
        body: impl Fn(&T) -> Result<R, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        let body = move |call: &Call<'_>| body(&call.receiver::<T>()?);
        Function::with_form(name, topic, Form::Property, body).on::<T>()
    }

    /// An operator between two types, read from `left` and `right` of the call.
    pub fn operator<A: Clone + 'static, B: Clone + 'static, R: Into<Dynamic>>(
        name: &'static str,
        topic: Topic,
        body: impl Fn(&Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        let mut function = Function::with_form(name, topic, Form::Operator, body);
        function.receivers = vec![
            (TypeId::of::<A>(), std::any::type_name::<A>()),
            (TypeId::of::<B>(), std::any::type_name::<B>()),
        ];
        function.parameters = vec![
            Parameter::typed::<Dynamic>("left", None, ""),
            Parameter::typed::<Dynamic>("right", None, ""),
        ];
        function
    }

    /// A function that the engine brings along, described for its readers. It has no body.
    pub fn built_in(name: &'static str, topic: Topic) -> Function {
        Function::with_form(name, topic, Form::BuiltIn, |_: &Call<'_>| Ok(()))
    }

    /// Says that a function of the engine is a method of a type of its own.
    pub fn on_built_in<T: 'static>(mut self, name: &'static str) -> Function {
        self.receivers = vec![(TypeId::of::<T>(), name)];
        self.parameters
            .insert(0, Parameter::typed::<Dynamic>(RECEIVER, None, ""));
        self
    }

    /// Makes it a method of a type: its first argument is of that type.
    pub fn on<T: ScriptValue>(mut self) -> Function {
        self.receivers = vec![(TypeId::of::<T>(), T::NAME)];
        self.parameters
            .insert(0, Parameter::typed::<Dynamic>(RECEIVER, None, ""));
        self
    }

    /// The same function as a method of a type: what it gives without the receiver is handed on, with the call.
    pub fn upon<T: ScriptValue>(
        self,
        then: impl Fn(&Call<'_>, Dynamic) -> Result<Dynamic, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        self.handed_on(then).on::<T>()
    }

    /// The same as a method of a type that the engine brings along.
    pub fn upon_built_in<T: 'static>(
        self,
        name: &'static str,
        then: impl Fn(&Call<'_>, Dynamic) -> Result<Dynamic, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        self.handed_on(then).on_built_in::<T>(name)
    }

    fn handed_on(
        mut self,
        then: impl Fn(&Call<'_>, Dynamic) -> Result<Dynamic, ScriptError> + Send + Sync + 'static,
    ) -> Function {
        let inner = Arc::new(self.clone());
        self.body = Arc::new(move |call| {
            let given = (inner.body)(&call.without_receiver(&inner))?;
            then(call, given)
        });
        self
    }

    /// What it does: one sentence in the third person.
    pub fn about(mut self, text: impl Into<String>) -> Function {
        self.about = text.into();
        self
    }

    /// A further remark: a source, what it draws, a caveat.
    pub fn note(mut self, text: impl Into<String>) -> Function {
        self.notes.push(text.into());
        self
    }

    /// A positional parameter that must be given.
    pub fn param<T: FromScript>(mut self, name: &str, about: &str) -> Function {
        self.parameters
            .push(Parameter::typed::<T>(name, None, about));
        self
    }

    /// A positional parameter with a default; it can only be left out together with those behind it.
    pub fn param_or<T: FromScript>(
        mut self,
        name: &str,
        default: impl Into<Dynamic>,
        about: &str,
    ) -> Function {
        self.parameters
            .push(Parameter::typed::<T>(name, Some(default.into()), about));
        self
    }

    /// A last positional parameter of any number of arguments, each one text or an array of them;
    /// the body is handed all of them as one array, which is empty if there is none.
    pub fn gathered(mut self, name: &str, about: &str) -> Function {
        let none = Dynamic::from_array(Vec::new());
        self.gathers = true;
        self.parameters
            .push(Parameter::typed::<Vec<String>>(name, Some(none), about));
        self
    }

    /// An option of the map `#{ ... }` that comes last.
    pub fn option<T: FromScript>(
        mut self,
        name: &str,
        default: impl Into<Dynamic>,
        about: &str,
    ) -> Function {
        self.options
            .push(Parameter::typed::<T>(name, Some(default.into()), about));
        self
    }

    /// A positional parameter or an option that is described elsewhere.
    pub fn declared(mut self, parameter: Parameter, positional: bool) -> Function {
        if positional {
            self.parameters.push(parameter)
        } else {
            self.options.push(parameter)
        }
        self
    }

    /// Takes options of any other name, too; the parameter describes them.
    pub fn named_options(mut self, parameter: Parameter) -> Function {
        self.named = Some(parameter);
        self
    }

    /// Whether a map can come last.
    pub(super) fn takes_options(&self) -> bool {
        self.form == Form::Call && (!self.options.is_empty() || self.named.is_some())
    }

    /// Says which words a parameter or option may be, for whoever types one.
    pub fn words(mut self, name: &str, words: &[&str]) -> Function {
        let all = self.parameters.iter_mut().chain(&mut self.options);
        for parameter in all.filter(|parameter| parameter.name == name) {
            parameter.words = words.iter().map(|word| (*word).to_owned()).collect();
        }
        self
    }

    /// Says that a parameter that must be given may be a map, so that a call that ends in one need not have options.
    pub fn may_be_map(mut self, name: &str) -> Function {
        let all = self.parameters.iter_mut();
        for parameter in all.filter(|parameter| parameter.name == name) {
            parameter.may_be_map = true;
        }
        self
    }

    /// What it gives, a noun.
    pub fn returns(mut self, noun: &'static str) -> Function {
        self.returns = noun;
        self
    }

    /// A line of script that shows it; it is run as a test.
    pub fn example(mut self, script: impl Into<String>) -> Function {
        self.example = script.into();
        self
    }

    /// Says that it reads or computes from data, so that a check without data does not run it.
    pub fn reads_data(mut self) -> Function {
        self.reads_data = true;
        self
    }

    /// Says that rhai has a function of the same name for numbers and maps, which would be found first.
    pub fn hides_builtin(mut self) -> Function {
        self.hides = true;
        self
    }

    /// Says that it shows, asks or calls what belongs to the session, so that it never runs on another thread. What of it
    /// may take long must ask whether to stop. Other functions are left alone when the user stops them while they work on
    /// large arguments.
    pub fn in_session(mut self) -> Function {
        self.apart = Apart::Never;
        self
    }

    /// Says that it may take long whatever it is given, so that it is left alone when the user stops it.
    pub fn long(self) -> Function {
        self.long_if(|_| true)
    }

    /// Says when it may take long.
    pub fn long_if(mut self, long: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> Function {
        self.apart = Apart::If(Arc::new(long));
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its chapter.
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// The example, for the tests.
    pub fn example_source(&self) -> &str {
        &self.example
    }

    /// Whether it is written `f(x)`, not as a property or an operator.
    pub fn is_called(&self) -> bool {
        matches!(self.form, Form::Call | Form::BuiltIn)
    }

    /// What it does.
    pub fn about_text(&self) -> &str {
        &self.about
    }

    /// Positional parameters and options, without the receiver.
    pub fn described_parameters(&self) -> impl Iterator<Item = &Parameter> {
        let own = self.positional_parameters().iter().chain(&self.options);
        own.chain(&self.named)
    }

    /// The positional parameters, without the receiver.
    pub fn positional_parameters(&self) -> &[Parameter] {
        if self.form == Form::Operator {
            &[]
        } else {
            &self.parameters[self.n_receivers()..]
        }
    }

    /// Whether it has a positional parameter of a name.
    pub(super) fn takes_by_position(&self, name: &str) -> bool {
        self.parameters[self.n_receivers()..]
            .iter()
            .any(|parameter| parameter.name == name)
    }

    /// The options of the map that comes last.
    pub fn described_options(&self) -> impl Iterator<Item = &Parameter> {
        self.options.iter()
    }

    /// What it gives, a noun; empty if that is not said.
    pub fn returned_noun(&self) -> &'static str {
        self.returns
    }

    /// The type it is a method or property of.
    pub fn receiver_name(&self) -> Option<&'static str> {
        (self.form != Form::Operator)
            .then(|| self.receivers.first().map(|(_, name)| *name))
            .flatten()
    }

    /// Its name with the type it is a method of, as `wave.plot`.
    pub fn qualified_name(&self) -> String {
        let owner = self
            .receiver_name()
            .map(|name| format!("{}.", name.replace(' ', "_")))
            .unwrap_or_default();
        format!("{owner}{}", self.name)
    }

    fn n_receivers(&self) -> usize {
        if self.form == Form::Operator {
            0
        } else {
            self.receivers.len()
        }
    }

    /// How it is written, with defaults.
    pub fn signature(&self) -> String {
        let receiver = self
            .receiver_name()
            .map(|name| format!("{}.", name.replace(' ', "_")))
            .unwrap_or_default();
        match self.form {
            Form::Property => return format!("{receiver}{}", self.name),
            Form::Operator => return format!("a {} b", self.name),
            Form::Call | Form::BuiltIn => {}
        }
        let mut parts: Vec<String> = self.parameters[self.n_receivers()..]
            .iter()
            .enumerate()
            .map(|(index, p)| {
                if self.gathers && self.n_receivers() + index + 1 == self.parameters.len() {
                    format!("{}, ...", p.name)
                } else if p.default.is_some() {
                    format!("{} = {}", p.name, p.default_source)
                } else {
                    p.name.clone()
                }
            })
            .collect();
        if self.takes_options() || !self.options.is_empty() {
            let mut options: Vec<String> = self
                .options
                .iter()
                .map(|p| format!("{}: {}", p.name, p.default_source))
                .collect();
            options.extend(self.named.iter().map(|p| format!("{}: value, ...", p.name)));
            parts.push(format!("#{{ {} }}", options.join(", ")));
        }
        format!("{receiver}{}({})", self.name, parts.join(", "))
    }
}

/// Name of the parameter that a method is called on.
pub(super) const RECEIVER: &str = "self";

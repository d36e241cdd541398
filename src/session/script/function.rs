//! The declaration of a script function: what every reader, from help to the tests, knows of it.

use super::signature::{Form, RECEIVER, Signature};
use super::{Call, FromScript, Parameter, ScriptError, ScriptValue};
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

/// What a function does.
pub(super) type Body = Arc<dyn Fn(&Call<'_>) -> Result<Dynamic, ScriptError> + Send + Sync>;

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
    pub(super) signature: Arc<Signature>,
    pub(super) topic: Topic,
    pub(super) about: String,
    pub(super) notes: Vec<String>,
    pub(super) returns: &'static str,
    pub(super) example: String,
    pub(super) reads_data: bool,
    pub(super) hides: bool,
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
            signature: Arc::new(Signature::new(name, form)),
            topic,
            about: String::new(),
            notes: Vec::new(),
            returns: "",
            example: String::new(),
            reads_data: false,
            hides: false,
            apart: if form == Form::Property {
                Apart::Never
            } else {
                Apart::WithLongArguments
            },
            body: Arc::new(move |call| body(call).map(Into::into)),
        }
    }

    /// How it is called, to be changed; calls of it have not been made yet.
    fn called(&mut self) -> &mut Signature {
        Arc::make_mut(&mut self.signature)
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
        function.called().receivers = vec![
            (TypeId::of::<A>(), std::any::type_name::<A>()),
            (TypeId::of::<B>(), std::any::type_name::<B>()),
        ];
        function.called().parameters = vec![
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
    pub fn on_built_in<T: 'static>(self, name: &'static str) -> Function {
        self.with_receiver(TypeId::of::<T>(), name)
    }

    /// Makes it a method of a type: its first argument is of that type.
    pub fn on<T: ScriptValue>(self) -> Function {
        self.with_receiver(TypeId::of::<T>(), T::NAME)
    }

    fn with_receiver(mut self, type_id: TypeId, name: &'static str) -> Function {
        let signature = self.called();
        signature.receivers = vec![(type_id, name)];
        let receiver = Parameter::typed::<Dynamic>(RECEIVER, None, "");
        signature.parameters.insert(0, receiver);
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
        let (body, signature) = (self.body.clone(), self.signature.clone());
        self.body = Arc::new(move |call| {
            let given = body(&call.without_receiver(&signature))?;
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
        self.called()
            .parameters
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
        self.called()
            .parameters
            .push(Parameter::typed::<T>(name, Some(default.into()), about));
        self
    }

    /// A last positional parameter of any number of arguments, each one text or an array of them;
    /// the body is handed all of them as one array, which is empty if there is none.
    pub fn gathered(mut self, name: &str, about: &str) -> Function {
        let none = Dynamic::from_array(Vec::new());
        self.called().gathers = true;
        self.called()
            .parameters
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
        self.called()
            .options
            .push(Parameter::typed::<T>(name, Some(default.into()), about));
        self
    }

    /// A positional parameter or an option that is described elsewhere.
    pub fn declared(mut self, parameter: Parameter, positional: bool) -> Function {
        if positional {
            self.called().parameters.push(parameter)
        } else {
            self.called().options.push(parameter)
        }
        self
    }

    /// Takes options of any other name, too; the parameter describes them.
    pub fn named_options(mut self, parameter: Parameter) -> Function {
        self.called().named = Some(parameter);
        self
    }

    /// Says which words a parameter or option may be, for whoever types one.
    pub fn words(mut self, name: &str, words: &[&str]) -> Function {
        let signature = self.called();
        let all = signature
            .parameters
            .iter_mut()
            .chain(&mut signature.options);
        for parameter in all.filter(|parameter| parameter.name == name) {
            parameter.words = words.iter().map(|word| (*word).to_owned()).collect();
        }
        self
    }

    /// Says that a parameter that must be given may be a map, so that a call that ends in one need not have options.
    pub fn may_be_map(mut self, name: &str) -> Function {
        let all = self.called().parameters.iter_mut();
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
        self.signature.name
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
        matches!(self.signature.form, Form::Call | Form::BuiltIn)
    }

    /// What it does.
    pub fn about_text(&self) -> &str {
        &self.about
    }

    /// Positional parameters and options, without the receiver.
    pub fn described_parameters(&self) -> impl Iterator<Item = &Parameter> {
        let own = self
            .positional_parameters()
            .iter()
            .chain(&self.signature.options);
        own.chain(&self.signature.named)
    }

    /// The positional parameters, without the receiver.
    pub fn positional_parameters(&self) -> &[Parameter] {
        if self.signature.form == Form::Operator {
            &[]
        } else {
            &self.signature.parameters[self.signature.n_receivers()..]
        }
    }

    /// Whether it has a positional parameter of a name.
    pub(super) fn takes_by_position(&self, name: &str) -> bool {
        self.signature.parameters[self.signature.n_receivers()..]
            .iter()
            .any(|parameter| parameter.name == name)
    }

    /// The options of the map that comes last.
    pub fn described_options(&self) -> impl Iterator<Item = &Parameter> {
        self.signature.options.iter()
    }

    /// What it gives, a noun; empty if that is not said.
    pub fn returned_noun(&self) -> &'static str {
        self.returns
    }

    /// The type it is a method or property of.
    pub fn receiver_name(&self) -> Option<&'static str> {
        self.signature.receiver_name()
    }

    /// Its name with the type it is a method of, as `wave.plot`.
    pub fn qualified_name(&self) -> String {
        let owner = self
            .receiver_name()
            .map(|name| format!("{}.", name.replace(' ', "_")))
            .unwrap_or_default();
        format!("{owner}{}", self.signature.name)
    }

    /// How it is written, with defaults.
    pub fn signature(&self) -> String {
        self.signature.text()
    }
}

//! Models as expressions: layers, how they join, and what they are built into.

use super::super::Environment;
use super::super::declared;
use super::model::Model;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::augment::{Domain, Recipe};
use auricle_audio::declare::Value;
use auricle_learn::batch::Scaling;
use auricle_learn::nn::layers::{Branches, Clips, Declaration, Expression, Stack, catalogue};
use auricle_learn::nn::{Architecture, Encoder, FrontEnd};
use rhai::{Array, Dynamic};
use std::sync::Arc;

impl ScriptValue for Expression {
    const NAME: &'static str = "expression";

    fn text(&self) -> String {
        self.pretty()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "layers": self.to_json() }))
    }

    fn same(&self, other: &Expression) -> Option<bool> {
        Some(self == other)
    }
}

/// Layers of the JSON that they are written as.
pub(in crate::bind) fn from_json(json: &serde_json::Value) -> Result<Dynamic, ScriptError> {
    Ok(Dynamic::from(Expression::from_json(json)?))
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let layers = catalogue().iter().copied();
    let mut all: Vec<Function> = layers.map(function).collect();
    all.extend([then(), build(environment), of_model(), with_front_end()]);
    all
}

fn function(declaration: &'static Declaration) -> Function {
    let body = move |call: &Call<'_>| {
        let values = declared::values(declaration, call.given(), inside)?;
        Ok(Dynamic::from(Expression::from(declaration.with(values)?)))
    };
    declared::function(declaration, Topic::Layers, body).returns("expression")
}

/// Layers, or an array of them, as the value of a parameter.
fn inside(value: &Dynamic) -> Result<Option<Value>, ScriptError> {
    if let Some(layers) = value.clone().try_cast::<Expression>() {
        return Ok(Some(layers.into()));
    }
    let Some(items) = value.clone().try_cast::<Array>() else {
        return Ok(None);
    };
    if !items.iter().any(|item| item.is::<Expression>()) {
        return Ok(None);
    }
    let branches = items.into_iter().map(|item| {
        let what = describe(&item);
        let layers = item.try_cast::<Expression>();
        layers.ok_or_else(|| ScriptError::new(format!("an array of layers cannot hold {what}")))
    });
    Ok(Some(Branches(branches.collect::<Result<_, _>>()?).into()))
}

fn then() -> Function {
    Function::operator::<Expression, Expression, _>("|>", Topic::Layers, |call| {
        let (left, right) = (call.value::<Expression>("left")?, call.value("right")?);
        Ok(Dynamic::from(left.then(&right)))
    })
    .about("Joins layers: what those on the left give, those on the right are given.")
    .returns("expression")
    .example(
        "let m = conv2d(4) |> relu(); assert(m == from_json(to_json(m))); \
         assert((m |> global_mean()) == (conv2d(4) |> (relu() |> global_mean())))",
    )
}

fn build(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("build", Topic::Layers, move |call| {
        let layers = call.receiver::<Expression>()?;
        let clips = clips(call, &layers)?;
        let architecture = Architecture::Layers(Stack::new(layers, clips)?);
        let seed = call.get::<Option<u64>>("seed")?;
        let seed = seed.unwrap_or_else(|| environment.seed());
        let encoder = Encoder::new(architecture, seed, &environment.device()?)?;
        Ok(Dynamic::from(Model { name: None, encoder }))
    })
    .on::<Expression>()
    .long()
    .about(
        "Makes a model of layers, with random weights: each layer is fitted to what the one before \
         it gives, and one that cannot read it is an error that names it.",
    )
    .note(
        "it reads features [channels, bands, frames]; waves [channels, samples], if its first layer \
         is `conv1d` or `samples` is given; or rows of `inputs` numbers",
    )
    .note(
        "weights are named as PyTorch's `nn.Sequential` names them, `0.weight`, and those of \
         `named(\"stem\", layers)` `stem.weight`. Sizes that are given are those of every clip",
    )
    .option::<Option<usize>>("channels", (), "channels of its input; 1 if not given")
    .option::<Option<usize>>("bands", (), "bands of every clip; any if not given")
    .option::<Option<usize>>("frames", (), "frames of every clip; any if not given")
    .option::<Option<usize>>("samples", (), "samples of every clip, for a model of waves; any if not given")
    .option::<Option<usize>>("inputs", (), "numbers of a row, for a model of rows")
    .option::<Option<u64>>("seed", (), "seed of the weights; the session's if not given")
    .returns("model")
    .example(
        "let block = |n| residual(conv2d(n) |> batch_norm() |> relu() |> conv2d(n) |> batch_norm()) |> relu(); \
         let m = conv2d(8, #{ kernel: 7, stride: 2 }) |> batch_norm() |> relu() |> max_pool(3, #{ stride: 2 }) \
         |> named(\"layer1\", block.call(8) |> block.call(8)) |> global_mean(); \
         let net = m.build(#{ channels: 2, seed: 0 }); \
         assert(net.forward(randn([3, 2, 32, 40], #{ seed: 1 })).shape == [3, 8]); assert(net.layers() == m)",
    )
}

/// What the layers of a call are built for.
fn clips(call: &Call<'_>, layers: &Expression) -> Result<Clips, ScriptError> {
    let given = |name: &str| call.get::<Option<usize>>(name);
    let only = |names: &[&str], reads: &str| {
        let one_too_many = names.iter().find(|name| !call.raw(name).is_unit());
        match one_too_many {
            Some(name) => {
                Err(call.wrong(name, &format!("left out for a model that reads {reads}")))
            }
            None => Ok(()),
        }
    };
    if let Some(inputs) = given("inputs")? {
        only(&["channels", "bands", "frames", "samples"], "rows")?;
        return Ok(Clips::Rows { inputs });
    }
    let channels = given("channels")?.unwrap_or(1);
    let samples = given("samples")?;
    if samples.is_some() || layers.reads_waves() {
        only(&["bands", "frames"], "waves")?;
        return Ok(Clips::Waves { channels, samples });
    }
    Ok(Clips::Features {
        channels,
        bands: given("bands")?,
        frames: given("frames")?,
    })
}

fn of_model() -> Function {
    Function::new("layers", Topic::Layers, |call| {
        let architecture = call.receiver::<Model>()?.encoder.architecture();
        Ok(Dynamic::from(architecture.stack()?.layers().clone()))
    })
    .on::<Model>()
    .about(
        "Gives the layers of a model as an expression: source that can be printed, edited and built.",
    )
    .note(
        "its weights have the names that those of the model have, so that a file of one can be loaded \
         into the other",
    )
    .returns("expression")
    .example(
        "let m = resnet18(#{ width: 4 }); let again = m.layers().build(); \
         assert(again.n_parameters == m.n_parameters && again.dim == m.dim)",
    )
}

fn with_front_end() -> Function {
    Function::operator::<Recipe, Model, _>("|>", Topic::Layers, |call| {
        let (recipe, model) = (call.value::<Recipe>("left")?, call.value::<Model>("right")?);
        let gives = recipe.flow(Some(Domain::Wave))?.gives.unwrap_or(Domain::Wave);
        if let Some(reads) = model.encoder.architecture().domain().filter(|reads| *reads != gives) {
            let message = format!("the recipe gives {}, the model reads {}", gives.plural(), reads.plural());
            return Err(ScriptError::new(message).hint("end the recipe in `log_mel()`, say"));
        }
        let mut encoder = model.encoder;
        let scaling = Scaling::NONE;
        encoder.front_end = Some(FrontEnd { recipe, scaling });
        Ok(Dynamic::from(Model { encoder, ..model }))
    })
    .about(
        "Puts a recipe before a model: from a wave to an embedding, saved and loaded as one. Nothing \
         is scaled until it is trained.",
    )
    .returns("model")
    .example(
        "let net = log_mel(#{ n_mels: 32 }) |> resnet18(#{ width: 4 }); \
         assert(net.forward(tone(440, 1)).shape == [1, 32])",
    )
}

#[cfg(test)]
mod tests {
    use crate::script::{Mode, Shown, Silent, Topic};
    use crate::{Session, Settings, language};
    use std::sync::Arc;

    fn session(mode: Mode) -> Session {
        let settings = Settings {
            mode,
            ..Settings::default()
        };
        Session::new(settings, Arc::new(Silent)).unwrap()
    }

    fn value(session: &mut Session, text: &str) -> String {
        let outcome = session.eval("cell 1", text);
        let outcome = outcome.unwrap_or_else(|d| panic!("{}", d.render(false)));
        Shown::text_of(&outcome.value)
    }

    #[test]
    fn the_layers_of_a_built_in_encoder_print_as_source_that_builds_it_again() {
        for encoder in [
            "resnet18(#{ width: 2, channels: 3, fc: 5 })",
            "resnet18(#{ width: 2, dims: 1 })",
            "resnet18(#{ width: 2, dims: 1, geometry: \"code\", stem_bias: true })",
            "cnn6(#{ width: 2 })",
            "mlp(6, [4, 3], #{ batch_norm: true })",
            "ast(#{ dim: 12, depth: 2, heads: 3, classes: 4 })",
            "slowfast_nfnet(#{ width: 16 })",
            "slowfast_nfnet(#{ width: 16, pathways: \"slow\", stochastic_depth: 0 })",
        ] {
            let mut session = session(Mode::Run);
            let source = value(&mut session, &format!("let m = {encoder}; m.layers()"));
            let same = format!("let again = {source}; again == m.layers()");
            assert_eq!(value(&mut session, &same), "true", "{source}");
        }
    }

    #[test]
    fn a_model_prints_as_source_that_builds_it() {
        let mut session = session(Mode::Run);
        let text = "let m = (conv1d(4, #{ stride: 2 }) |> global_max()).build(#{ channels: 2, samples: 99 }); m";
        let printed = value(&mut session, text);
        let source =
            "(conv1d(4, #{ stride: 2 }) |> global_max()).build(#{ channels: 2, samples: 99 })";
        assert_eq!(
            printed,
            format!("random encoder: {source}, 28 weights, 4 features")
        );
        let again = value(&mut session, &format!("{source}.layers() == m.layers()"));
        assert_eq!(again, "true");
    }

    #[test]
    fn a_check_finds_a_layer_that_does_not_fit() {
        let script = "let train = folder(\"nowhere\");\n\
            let m = log_mel() |> (conv2d(4, #{ stride: 2 }) |> linear(3)).build();\n\
            let run = supervised(m, train, #{ recipe: noise(20) });";
        let found = session(Mode::Check).check("script", script).unwrap_err();
        let messages: Vec<&str> = found.iter().map(|d| d.message.as_str()).collect();
        let want = "layer 1, `linear(3)`, needs a row or tokens, as `global_mean()` or `flatten()` \
            before it gives; it is given a map [4, bands / 2, frames / 2]";
        assert_eq!(messages, [want]);
    }

    #[test]
    fn examples_of_layers_hold() {
        let table = language();
        let layers = table.functions().filter(|f| f.topic() == Topic::Layers);
        for function in layers {
            value(&mut session(Mode::Run), function.example_source());
        }
    }
}

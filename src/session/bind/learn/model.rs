//! What an encoder can do.

use super::super::Environment;
use super::tensor::Tape;
use crate::script::{Call, Function, ScriptError, ScriptValue, Shown, Topic};
use auricle_audio::Waveform;
use auricle_audio::augment::{Domain, Recipe, Stage, declaration};
use auricle_audio::dataset::Dataset;
use auricle_learn::batch::{Batch, Scaling};
use auricle_learn::eval::Role;
use auricle_learn::feed::measure;
use auricle_learn::nn::layers::Flow;
use auricle_learn::nn::{Card, Encoder, FrontEnd, Input, Layout, LoadOptions, Naming, with_maps};
use auricle_learn::tensor::NdTensor;
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

/// An encoder with a name for reports.
#[derive(Clone)]
pub(super) struct Model {
    /// Where its weights are from; nothing if they were drawn.
    pub(super) name: Option<String>,
    pub(super) encoder: Encoder,
}

impl Model {
    /// Its name for reports: what a loop has trained is no random encoder any more.
    pub(super) fn title(&self) -> &str {
        match &self.name {
            Some(name) => name,
            None if self.encoder.is_trained() => "trained encoder",
            None => Role::Random.name(),
        }
    }

    /// Whether its weights are as they were drawn.
    pub(super) fn is_random(&self) -> bool {
        self.name.is_none() && !self.encoder.is_trained()
    }
}

impl ScriptValue for Model {
    const NAME: &'static str = "model";

    fn text(&self) -> String {
        let (architecture, parameters) = (self.encoder.architecture(), self.encoder.n_parameters());
        let frozen = match self.encoder.frozen() {
            none if none.is_empty() => String::new(),
            parts => format!(", frozen: {}", parts.join(", ")),
        };
        format!(
            "{}: {architecture}, {parameters} weights, {} features{frozen}",
            self.title(),
            self.encoder.dim()
        )
    }
}

pub(super) fn functions(environment: &Arc<Environment>, tape: &Arc<Tape>) -> Vec<Function> {
    vec![
        summary(),
        property("dim", "Number of features that it gives.", |encoder| {
            encoder.dim()
        }),
        property(
            "n_parameters",
            "Number of its weights.",
            Encoder::n_parameters,
        ),
        save(),
        export(),
        load(environment),
        forward(environment, tape),
    ]
}

fn property(name: &'static str, about: &'static str, read: fn(&Encoder) -> usize) -> Function {
    Function::property::<Model, _>(name, Topic::Training, move |model| {
        Ok(read(&model.encoder) as i64)
    })
    .about(about)
    .example(format!("print(resnet18(#{{ width: 4 }}).{name})"))
}

fn summary() -> Function {
    Function::new("summary", Topic::Training, |call| {
        let model = call.receiver::<Model>()?;
        let architecture = model.encoder.architecture();
        let input = architecture.clip(call.get("bands")?, call.get("frames")?, call.get("samples")?);
        Ok(format!("{}\n{}", model.text(), architecture.summary(&input)?))
    })
    .on::<Model>()
    .about("Lists the layers of the model for one clip: PyTorch's names, output shapes, weights and multiply-adds.")
    .option::<Option<usize>>("bands", (), "bands of the clip; 64 if not given, for a transformer those of its positions")
    .option::<Option<usize>>("frames", (), "frames of the clip; 96 if not given, for a transformer those of its positions")
    .option::<usize>("samples", 16000, "samples of the clip, for a network over waves")
    .returns("string")
    .example(
        "let s = resnet18(#{ width: 4 }).summary(#{ bands: 40, frames: 50 }); \
         assert(s.contains(\"[32, 2, 2]\"))",
    )
}

const NAMINGS: [(&str, Naming); 3] = [
    ("pytorch", Naming::Original),
    ("timm", Naming::Timm),
    ("huggingface", Naming::HuggingFace),
];

/// Weights times numbers of the input, an upper bound of the products of a forward pass, from which
/// it may take a person's time.
const LONG_FORWARD: f64 = 2e10;

fn forward(environment: &Arc<Environment>, tape: &Arc<Tape>) -> Function {
    let (environment, tape) = (environment.clone(), tape.clone());
    let is_long = |call: &Call<'_>| {
        let weights = call.receiver::<Model>();
        let weights = weights.map_or(0, |model| model.encoder.n_parameters());
        let numbers = call.value::<NdTensor>("x").map_or(0, |x| x.len());
        weights as f64 * numbers as f64 >= LONG_FORWARD
    };
    Function::new("forward", Topic::Training, move |call| {
        let encoder = call.receiver::<Model>()?.encoder;
        let is_training = encoder.is_training() && !tape.is_paused();
        let input = input(call, &encoder, &environment, &tape)?;
        if let Some(names) = call.get::<Option<Vec<String>>>("maps")? {
            let (out, found) = with_maps(&encoder, input, &names, &environment.device()?)?;
            let maps = found.into_iter().map(|(name, map)| (name.into(), tensor(map)));
            let mut given = rhai::Map::new();
            given.insert("out".into(), Dynamic::from(NdTensor::from_burn(out)));
            given.insert("maps".into(), Dynamic::from_map(maps.collect()));
            return Ok(Dynamic::from_map(given));
        }
        let rows = if is_training {
            encoder.forward(input)?
        } else {
            encoder.embed(input)?
        };
        Ok(Dynamic::from(NdTensor::from_burn(rows)))
    })
    .on::<Model>()
    .long_if(is_long)
    .about("Computes the embeddings of a batch, [batch, dim].")
    .note(
        "a model that an optimizer trains takes the batch's statistics, and is followed for \
            gradients; any other one, and every one inside `no_grad`, has its running statistics",
    )
    .note(
        "with `maps` it gives a map of `out`, the embeddings, and `maps`, what each of those layers \
         gives, with running statistics and without gradients",
    )
    .param::<Dynamic>("x", INPUTS)
    .option::<Option<Vec<String>>>(
        "maps",
        (),
        "names of layers whose output is wanted, too, as in `summary()`",
    )
    .returns("tensor, or map of tensors")
    .example(
        "let m = resnet18(#{ width: 4 }); let x = randn([2, 1, 32, 32], #{ seed: 0 }); \
         assert(m.forward(x).shape == [2, 32]); \
         assert(m.forward(x, #{ maps: [\"layer2\"] }).maps.layer2.shape == [2, 8, 4, 4])",
    )
}

/// What encoders read.
const INPUTS: &str = "a tensor: features [batch, channels, bands, frames], waves [batch, channels, samples], or rows [batch, n] \
     for plain layers; or a wave, for a model that brings its features along or reads waves";

fn input(
    call: &Call<'_>,
    encoder: &Encoder,
    environment: &Environment,
    tape: &Tape,
) -> Result<Input, ScriptError> {
    let given = call.raw("x");
    if let Some(wave) = given.clone().try_cast::<Waveform>() {
        return of_wave(encoder, &wave, environment);
    }
    let x = tape
        .tensor(call, "x")
        .map_err(|_| call.wrong("x", INPUTS))?;
    let is_training = encoder.is_training() && !tape.is_paused();
    if x.is_tracked() && !encoder.is_training() {
        let message = "gradients pass through `x`, but the model is not under training";
        return Err(ScriptError::new(message).hint(
            "give it to the optimizer, too, such as `adam([model, head])`; or cut `x` off: \
                `x.detach()`",
        ));
    }
    let x = if is_training { x } else { x.detach() };
    Ok(match x.rank() {
        2 => x.to_burn::<2>("the input")?.into(),
        3 => x.to_burn::<3>("the input")?.into(),
        4 => x.to_burn::<4>("the input")?.into(),
        _ => return Err(call.wrong("x", INPUTS)),
    })
}

/// A sound as a model with features of its own reads it.
fn of_wave(
    encoder: &Encoder,
    wave: &Waveform,
    environment: &Environment,
) -> Result<Input, ScriptError> {
    let reads_waves = encoder.architecture().domain() == Some(Domain::Wave);
    let (recipe, scaling) = match &encoder.front_end {
        Some(own) => (own.recipe.clone(), own.scaling),
        None if reads_waves => (Recipe::identity(), Scaling::NONE),
        None => {
            let message = "the model has no features of its own to read a wave by";
            return Err(ScriptError::new(message)
                .hint("put them before it: `log_mel() |> model`; training does so, too"));
        }
    };
    let mut batch = Batch::of_sound(&recipe, scaling, wave)?;
    Ok(batch.input(0, &environment.device()?)?)
}

/// The embeddings of sounds by the model of an argument, a row each.
pub(in crate::bind) fn embeddings(
    call: &Call<'_>,
    name: &str,
    waves: &[Waveform],
    environment: &Environment,
) -> Result<Vec<Vec<f64>>, ScriptError> {
    let encoder = call.value::<Model>(name)?.encoder;
    let one = |wave| {
        let rows = encoder.embed(of_wave(&encoder, wave, environment)?)?;
        Ok(NdTensor::from_burn(rows).to_f64())
    };
    waves.iter().map(one).collect()
}

fn tensor(flow: Flow) -> Dynamic {
    Dynamic::from(match flow {
        Flow::Map(x) => NdTensor::from_burn(x),
        Flow::Line(x) | Flow::Tokens(x) => NdTensor::from_burn(x),
        Flow::Row(x) => NdTensor::from_burn(x),
    })
}

/// The value that a word names.
fn word<T: Copy>(call: &Call<'_>, name: &str, words: &[(&str, T)]) -> Result<T, ScriptError> {
    let given = call.get::<String>(name)?;
    match words.iter().find(|(word, _)| *word == given) {
        Some((_, value)) => Ok(*value),
        None => {
            let known: Vec<String> = words
                .iter()
                .map(|(word, _)| format!("\"{word}\""))
                .collect();
            Err(call.wrong(name, &format!("one of {}", known.join(", "))))
        }
    }
}

fn save() -> Function {
    Function::new("save", Topic::Training, |call| {
        let encoder = call.receiver::<Model>()?.encoder;
        let path = call.get::<String>("path")?;
        match word(call, "names", &NAMINGS)? {
            Naming::Original => encoder.save(Path::new(&path))?,
            naming => encoder.save_as(Path::new(&path), naming)?,
        }
        Ok(())
    })
    .on::<Model>()
    .long()
    .about("Saves weights and front-end as a safetensors file with PyTorch's names.")
    .param::<String>("path", "where to")
    .option::<String>(
        "names",
        "pytorch",
        "\"pytorch\"; for a transformer also \"timm\" or \"huggingface\", with the weights alone",
    )
    .words("names", &NAMINGS.map(|(word, _)| word))
    .reads_data()
    .example("resnet18(#{ width: 4 }).save(temporary_folder() + \"/m.safetensors\")")
}

fn export() -> Function {
    Function::new("export", Topic::Training, |call| {
        let encoder = call.receiver::<Model>()?.encoder;
        let folder = call.get::<String>("folder")?;
        let layout = word(call, "to", &EXPORTS)?;
        let text = |name: &str| call.get::<String>(name);
        let results = call.raw("results");
        let card = Card {
            title: text("title")?,
            about: text("about")?,
            results: if results.is_unit() {
                String::new()
            } else {
                Shown::text_of(&results)
            },
            license: text("license")?,
        };
        Ok(encoder.export(Path::new(&folder), layout, &card)?)
    })
    .on::<Model>()
    .long()
    .about("Writes a folder that others can load and publish: weights and configurations, or a graph, and a card.")
    .note("an `ast` loads in Python's `transformers` by `AutoModel.from_pretrained`; other encoders have PyTorch's names")
    .note(
        "`to: \"onnx\"` writes `model.onnx`, which reads features as the recipe gives them, or waves, of any number of clips, and \
         gives embeddings; the recipe itself is not in it, and an `ast` reads clips of the size of its positions",
    )
    .param::<String>("folder", "where to")
    .option::<String>("to", "huggingface", "what the folder holds: Hugging Face's files, or a graph of ONNX")
    .words("to", &EXPORTS.map(|(word, _)| word))
    .option::<String>("title", "", "title of the card; the model's source if it is empty")
    .option::<String>("about", "", "what the model is for and what it was trained on, for the card")
    .option::<Dynamic>("results", Dynamic::UNIT, "a report, results or a text that say how it was judged, for the card")
    .option::<String>("license", "", "name of the licence, such as \"cc-by-4.0\"")
    .reads_data()
    .example("resnet18(#{ width: 4 }).export(temporary_folder() + \"/m\", #{ title: \"Six calls\" })")
}

/// Layouts of a folder.
const EXPORTS: [(&str, Layout); 2] = [("huggingface", Layout::HuggingFace), ("onnx", Layout::Onnx)];

fn load(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("load", Topic::Training, move |call| {
        let model = call.receiver::<Model>()?;
        let path = call.get::<String>("path")?;
        let (strict, sum_channels) = (call.get("strict")?, call.get("sum_channels")?);
        let options = LoadOptions { strict, sum_channels };
        let encoder = model.encoder.load(Path::new(&path), options, &environment.device()?)?;
        let name = Path::new(&path).file_name().map_or(path.clone(), |name| name.to_string_lossy().into_owned());
        Ok(Dynamic::from(Model { name: Some(name), encoder }))
    })
    .on::<Model>()
    .long()
    .about("Gives the same model with the weights of a safetensors file, and its front-end if the file has one.")
    .note(
        "names may be those of torchvision, of the original checkpoints of AST, of timm or of Hugging Face; the positions \
         of a transformer are fitted to its own",
    )
    .param::<String>("path", "the file")
    .option::<bool>("strict", true, "whether weights that the model has no place for are an error, which lists them")
    .option::<bool>("sum_channels", false, "whether a kernel over several channels is summed, for a model of one")
    .returns("model")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/m.safetensors\"; let m = resnet18(#{ width: 4, channels: 3 }); m.save(f); \
         assert(resnet18(#{ width: 4 }).load(f, #{ sum_channels: true }).dim == m.dim)",
    )
}

/// The front-end of a call: the one it gives, the model's own, or the default, scaled to the data.
pub(super) fn front_end(
    call: &Call<'_>,
    encoder: &Encoder,
    data: &Dataset,
    environment: &Environment,
) -> Result<FrontEnd, ScriptError> {
    let given = match call.raw("features") {
        value if value.is_unit() => None,
        _ => Some(call.value::<Recipe>("features")?),
    };
    match (given, &encoder.front_end) {
        (None, Some(own)) => Ok(own.clone()),
        (given, _) => {
            let recipe = match (given, encoder.architecture().domain()) {
                (Some(recipe), _) => recipe,
                (None, Some(Domain::Wave)) => Recipe::identity(),
                (None, _) => log_mel()?,
            };
            let stop = environment.token.stop();
            let scaling = measure(data, &recipe, &environment.workers()?, &|| stop.is_asked())?;
            Ok(FrontEnd { recipe, scaling })
        }
    }
}

/// The features of those who do not say which.
pub(super) fn log_mel() -> Result<Recipe, ScriptError> {
    Ok(Stage::new(declaration("log_mel")?, None)?.into())
}

//! Encoders with random weights.

use super::super::Environment;
use super::model::{Model, RANDOM};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_learn::nn::{
    Architecture, AstOptions, Cnn6Options, Encoder, Geometry, MlpOptions, Pathways,
    ResNet18Options, ResNet18WavesOptions, SlowfastNfnetOptions,
};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        resnet18(environment),
        ast(environment),
        slowfast_nfnet(environment),
        cnn6(environment),
        mlp(environment),
    ]
}

/// A function that makes the encoder of an architecture, with the options that all of them have.
fn maker(
    name: &'static str,
    environment: &Arc<Environment>,
    architecture: fn(&Call<'_>) -> Result<Architecture, ScriptError>,
) -> Function {
    let environment = environment.clone();
    Function::new(name, Topic::Training, move |call| {
        let architecture = architecture(call)?;
        let seed = call.get::<Option<u64>>("seed")?;
        let seed = seed.unwrap_or_else(|| environment.seed());
        let encoder = Encoder::new(architecture, seed, &environment.device()?)?;
        let name = RANDOM.into();
        Ok(Dynamic::from(Model { name, encoder }))
    })
    .long()
    .returns("model")
}

const SEED: &str = "seed of the weights; the session's if not given";

/// The value that a word names.
pub(super) fn word<T: Copy>(
    call: &Call<'_>,
    name: &str,
    words: &[(&str, T)],
) -> Result<T, ScriptError> {
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

const GEOMETRIES: [(&str, Geometry); 2] =
    [("squared", Geometry::Squared), ("code", Geometry::Code)];

fn resnet18(environment: &Arc<Environment>) -> Function {
    let architecture = |call: &Call<'_>| {
        let (width, channels) = (call.get("width")?, call.get("channels")?);
        let (stem_bias, fc) = (call.get("stem_bias")?, call.get("fc")?);
        let geometry = call.get::<Option<String>>("geometry")?;
        match (call.get::<i64>("dims")?, geometry) {
            (2, None) => Ok(Architecture::ResNet18(ResNet18Options {
                width,
                channels,
                stem_bias,
                fc,
            })),
            (2, Some(_)) => Err(call.wrong("geometry", "left out where `dims` is 2")),
            (1, given) => Ok(Architecture::ResNet18Waves(ResNet18WavesOptions {
                width,
                channels,
                geometry: match given {
                    Some(_) => word(call, "geometry", &GEOMETRIES)?,
                    None => Geometry::default(),
                },
                stem_bias,
                fc,
            })),
            _ => Err(call.wrong("dims", "2, for spectrograms, or 1, for waves")),
        }
    };
    maker("resnet18", environment, architecture)
    .about("Makes a ResNet-18 encoder with random weights: four stages of two blocks, then the mean over the map.")
    .note(
        "source: He et al., 2016; geometry and names as in torchvision. With `dims: 1` it is CLAR's network over waves \
         (Al-Tahan and Mohsenzadeh, 2021), which costs many more multiplications than the one over spectrograms",
    )
    .option::<i64>("dims", 2, "2 for spectrograms, 1 for waves")
    .option::<usize>("width", 64, "channels of the first stage; it gives 8 times as many features. 8 to 32 suit a CPU")
    .option::<usize>("channels", 1, "channels of its input")
    .option::<Option<String>>(
        "geometry",
        (),
        "kernels over waves: \"squared\" as in CLAR's text, which is the default there, or \"code\" as in its code",
    )
    .words("geometry", &GEOMETRIES.map(|(word, _)| word))
    .option::<bool>("stem_bias", false, "whether the first convolution has a bias, as in Audio Doppelgangers")
    .option::<Option<usize>>("fc", (), "outputs of a linear layer at the end; none if not given")
    .option::<Option<u64>>("seed", (), SEED)
    .example(
        "assert(resnet18(#{ width: 8 }).dim == 64); \
         assert(resnet18(#{ dims: 1, width: 4, fc: 10 }).dim == 10)",
    )
}

fn ast(environment: &Arc<Environment>) -> Function {
    let architecture = |call: &Call<'_>| {
        let size = call.get::<String>("size")?;
        let Some(size) = AstOptions::of_size(&size) else {
            return Err(call.wrong("size", "one of \"tiny\", \"small\", \"base\""));
        };
        Ok(Architecture::Ast(AstOptions {
            dim: call.get::<Option<_>>("dim")?.unwrap_or(size.dim),
            depth: call.get::<Option<_>>("depth")?.unwrap_or(size.depth),
            heads: call.get::<Option<_>>("heads")?.unwrap_or(size.heads),
            channels: call.get("channels")?,
            bands: call.get("bands")?,
            frames: call.get("frames")?,
            distilled: call.get("distilled")?,
            classes: call.get("classes")?,
            norm_epsilon: call.get("norm_epsilon")?,
            ..size
        }))
    };
    maker("ast", environment, architecture)
    .about("Makes an Audio Spectrogram Transformer with random weights: overlapping patches, a class and a distillation token.")
    .note(
        "source: Gong et al., 2021. An input of another size than `bands` by `frames` is embedded with a table of \
         positions that is cut or interpolated",
    )
    .option::<String>("size", "tiny", "\"tiny\" (192 features, 3 heads), \"small\" (384, 6) or \"base\" (768, 12), of 12 blocks each")
    .words("size", &["tiny", "small", "base"])
    .option::<Option<usize>>("dim", (), "features of a token; that of the size if not given")
    .option::<Option<usize>>("depth", (), "number of blocks; that of the size if not given")
    .option::<Option<usize>>("heads", (), "attention heads, which divide `dim`; those of the size if not given")
    .option::<usize>("channels", 1, "channels of its input")
    .option::<usize>("bands", 128, "bands that the table of positions is made for, at least 16")
    .option::<usize>("frames", 1024, "frames that the table of positions is made for, at least 16")
    .option::<bool>("distilled", true, "whether there is a distillation token beside the class token")
    .option::<Option<f64>>(
        "norm_epsilon",
        (),
        "what is added to variances in norms; 1e-6, and 1e-5 in the head, if not given. Weights of Hugging Face bring 1e-12",
    )
    .option::<Option<usize>>("classes", (), "outputs of a norm and a linear layer at the end; none if not given")
    .option::<Option<u64>>("seed", (), SEED)
    .example("assert(ast(#{ dim: 24, depth: 2, heads: 3, bands: 40, frames: 50 }).dim == 24)")
}

const PATHWAYS: [(&str, Pathways); 3] = [
    ("both", Pathways::Both),
    ("slow", Pathways::Slow),
    ("fast", Pathways::Fast),
];

fn slowfast_nfnet(environment: &Arc<Environment>) -> Function {
    let architecture = |call: &Call<'_>| {
        Ok(Architecture::SlowfastNfnet(SlowfastNfnetOptions {
            width: call.get("width")?,
            channels: call.get("channels")?,
            pathways: word(call, "pathways", &PATHWAYS)?,
        }))
    };
    maker("slowfast_nfnet", environment, architecture)
    .about("Makes a Slowfast NFNet encoder with random weights: two networks without norms, one over slower time, joined before every stage.")
    .note("source: Wang et al., 2022; the default is F0, of 63 million weights. Stochastic depth is left out")
    .option::<usize>("width", 256, "channels of the first stage of the slow network, a multiple of 16: 256 is F0")
    .option::<usize>("channels", 1, "channels of its input")
    .option::<String>("pathways", "both", "\"both\" networks, or the \"slow\" or the \"fast\" one by itself")
    .words("pathways", &PATHWAYS.map(|(word, _)| word))
    .option::<Option<u64>>("seed", (), SEED)
    .example("assert(slowfast_nfnet(#{ width: 16 }).dim == 216)")
}

fn cnn6(environment: &Arc<Environment>) -> Function {
    let architecture = |call: &Call<'_>| {
        Ok(Architecture::Cnn6(Cnn6Options {
            width: call.get("width")?,
            channels: call.get("channels")?,
        }))
    };
    maker("cnn6", environment, architecture)
    .about("Makes a CNN6 encoder with random weights: four 5x5 convolutions, the mean over time, maximum and mean over frequency.")
    .note("source: Kong et al., PANNs, 2020, as Patch-Mix (2023) compares with it")
    .option::<usize>("width", 64, "channels of the first block; it gives 8 times as many features")
    .option::<usize>("channels", 1, "channels of its input")
    .option::<Option<u64>>("seed", (), SEED)
    .example("assert(cnn6(#{ width: 2 }).n_parameters == 4310)")
}

fn mlp(environment: &Arc<Environment>) -> Function {
    let architecture = |call: &Call<'_>| {
        Ok(Architecture::Mlp(MlpOptions {
            inputs: call.get("inputs")?,
            layers: call.get("layers")?,
            batch_norm: call.get("batch_norm")?,
        }))
    };
    maker("mlp", environment, architecture)
        .about("Makes linear layers with ReLUs between them, over inputs laid out in a row.")
        .param::<usize>(
            "inputs",
            "numbers that a clip has: channels times bands times frames",
        )
        .param::<Vec<usize>>("layers", "outputs of the layers, the embedding last")
        .option::<bool>(
            "batch_norm",
            false,
            "whether a batch norm stands behind all layers but the last",
        )
        .option::<Option<u64>>("seed", (), SEED)
        .example("assert(mlp(64, [32, 8]).n_parameters == 65 * 32 + 33 * 8)")
}

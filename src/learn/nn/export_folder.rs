//! A folder that others can publish and load: weights, what they are weights of, and a card.

use super::as_layers::as_layers;
use super::encoder::{Encoder, FrontEnd};
use super::names::Naming;
use super::onnx::{Axis, Graph};
use super::transformer::{EPSILON, MLP_RATIO};
use super::{Architecture, AstOptions, Pooling, front::PATCH};
use crate::Error;
use auricle_audio::io::write_whole;
use serde_json::{Value, json};
use std::path::Path;

/// What a card says beside what the weights are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// Its title; the architecture if empty.
    pub title: String,
    /// What the model is for, what it was trained on, and what it should not be used for.
    pub about: String,
    /// How it was judged, as a table of text.
    pub results: String,
    /// Name of the licence, as Hugging Face writes it, such as `cc-by-4.0`.
    pub license: String,
}

const WEIGHTS: &str = "model.safetensors";
const GRAPH: &str = "model.onnx";
/// What a message of a protocol buffer, and so a file of ONNX, has at most, bytes.
const LARGEST_GRAPH: usize = i32::MAX as usize;

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Weights and configurations as Hugging Face has them.
    HuggingFace,
    /// A graph that runtimes of ONNX load.
    Onnx,
}

impl Encoder {
    /// Writes a folder: the model, `preprocessor_config.json` and the card, `README.md`.
    ///
    /// In Hugging Face's layout the model is `model.safetensors` and `config.json`; an audio spectrogram transformer loads
    /// in `transformers`, others have PyTorch's names. In that of ONNX it is `model.onnx`, a graph from features, before
    /// they are scaled, or waves to embeddings; it has running statistics and drops nothing.
    ///
    /// # Errors
    /// [`Error::Run`] for a transformer that `transformers` has no counterpart of and for a model that is too large for
    /// ONNX, [`Error::Audio`] if a file cannot be written.
    pub fn export(&self, folder: &Path, layout: Layout, card: &Card) -> Result<(), Error> {
        match layout {
            Layout::HuggingFace => self.write_weights(folder)?,
            Layout::Onnx => write_whole(&folder.join(GRAPH), &self.graph()?)?,
        }
        if let Some(input) = self.preprocessor_config(layout) {
            write_whole(
                &folder.join("preprocessor_config.json"),
                pretty(&input).as_bytes(),
            )?;
        }
        write_whole(
            &folder.join("README.md"),
            self.card(layout, card)?.as_bytes(),
        )?;
        Ok(())
    }

    /// Its file of ONNX.
    fn graph(&self) -> Result<Vec<u8>, Error> {
        if self.n_parameters() * size_of::<f32>() > LARGEST_GRAPH {
            return Err(Error::Run {
                message: format!(
                    "a model of {} weights is too large for one file of ONNX, which holds 2 GiB",
                    self.n_parameters()
                ),
                hint: "export it to \"huggingface\"".into(),
            });
        }
        let architecture = self.architecture();
        let stack = architecture.stack()?;
        let network = as_layers(self, &self.device())?;
        let size = match &architecture {
            Architecture::Ast(options) => Some([options.bands, options.frames]),
            _ => None,
        };
        let (name, form, axes) = stack.onnx_input(size);
        let mut graph = Graph::default();
        let scaled = match &self.front_end {
            Some(front_end) => scaled(&mut graph, name, front_end),
            None => name.to_owned(),
        };
        let embedding = network.to_onnx(&mut graph, &scaled, form);
        graph.output(&embedding, EMBEDDING);
        let mut remarks = vec![("architecture", architecture.to_string())];
        remarks.extend(
            self.front_end
                .as_ref()
                .map(|front_end| ("recipe", front_end.recipe.to_string())),
        );
        let output = [Axis::Any("batch"), Axis::Fixed(self.dim())];
        Ok(graph.file((name, &axes), (EMBEDDING, &output), &remarks))
    }

    fn write_weights(&self, folder: &Path) -> Result<(), Error> {
        let weights = folder.join(WEIGHTS);
        let config = match self.architecture() {
            Architecture::Ast(options) => {
                let config = transformer_config(&options)?;
                self.save_as(&weights, Naming::HuggingFace)?;
                config
            }
            architecture => {
                self.save(&weights)?;
                json!({ "model_type": "auricle", "architecture": architecture })
            }
        };
        write_whole(&folder.join("config.json"), pretty(&config).as_bytes())?;
        Ok(())
    }

    /// How a clip becomes the model's input: the recipe, and for the transformer's own features the fields by which
    /// `transformers` computes them, whose deviation is half of what is divided by.
    fn preprocessor_config(&self, layout: Layout) -> Option<Value> {
        let front_end = self.front_end.as_ref()?;
        let source = front_end.recipe.to_string();
        if layout == Layout::Onnx {
            // The graph scales, and nobody else may.
            return Some(json!({ "recipe": source }));
        }
        let mut config = json!({
            "recipe": source,
            "mean": front_end.scaling.mean,
            "std": 0.5 * front_end.scaling.deviation,
        });
        if let Architecture::Ast(options) = self.architecture()
            && source == AST_FEATURES
        {
            config["feature_extractor_type"] = json!("ASTFeatureExtractor");
            config["sampling_rate"] = json!(16_000);
            config["num_mel_bins"] = json!(options.bands);
            config["max_length"] = json!(options.frames);
            config["do_normalize"] = json!(true);
            config["feature_size"] = json!(1);
            config["padding_value"] = json!(0.0);
            config["padding_side"] = json!("right");
            config["return_attention_mask"] = json!(false);
        }
        Some(config)
    }

    fn card(&self, layout: Layout, card: &Card) -> Result<String, Error> {
        let architecture = self.architecture();
        let source = architecture.to_string();
        let mut text = String::from("---\nlibrary_name: ");
        let is_transformer = matches!(architecture, Architecture::Ast(_));
        text += match layout {
            Layout::HuggingFace if is_transformer => "transformers",
            Layout::HuggingFace => "auricle",
            Layout::Onnx => "onnx",
        };
        text += "\ntags:\n- audio\n- auricle\n";
        if !card.license.is_empty() {
            text += &format!("license: {}\n", card.license);
        }
        let title = match card.title.as_str() {
            "" => source.as_str(),
            title => title,
        };
        text += &format!("---\n\n# {title}\n\n");
        if !card.about.is_empty() {
            text += &format!("{}\n\n", card.about);
        }
        text += &format!("`{source}`, {} weights. ", self.n_parameters());
        text += &match layout {
            Layout::HuggingFace => {
                format!("In Auricle:\n\n```\nlet model = {source}.load(\"{WEIGHTS}\");\n```\n\n")
            }
            Layout::Onnx => {
                let (input, ..) = architecture.stack()?.onnx_input(None);
                format!(
                    "In Python:\n\n```python\nimport onnxruntime\n\n\
                     session = onnxruntime.InferenceSession(\"{GRAPH}\")\n\
                     embedding = session.run(None, {{\"{input}\": {input}}})[0]\n```\n\n"
                )
            }
        };
        if is_transformer && layout == Layout::HuggingFace {
            text += "In Python:\n\n```python\nfrom transformers import AutoModel\n\n\
                     model = AutoModel.from_pretrained(\".\")\n```\n\n";
        }
        text += "## Input\n\n";
        text += &match (&self.front_end, layout) {
            (Some(front_end), Layout::HuggingFace) => format!(
                "`{}`, less {} and divided by {}.\n\n",
                front_end.recipe, front_end.scaling.mean, front_end.scaling.deviation
            ),
            (Some(front_end), Layout::Onnx) => {
                format!("`{}`; the graph scales it.\n\n", front_end.recipe)
            }
            (None, _) => {
                "Whoever uses it chooses the features: it was not trained with any.\n\n".into()
            }
        };
        text += "## How it was judged\n\n";
        text += &match card.results.as_str() {
            "" => "It was not judged.\n".into(),
            results => format!("```\n{}\n```\n", results.trim_end()),
        };
        Ok(text)
    }
}

/// Name of the output of a graph.
const EMBEDDING: &str = "embedding";

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The source of the features of the transformer's authors.
const AST_FEATURES: &str = "log_mel(#{ preset: \"ast\" })";

/// The configuration of `transformers`.
fn transformer_config(options: &AstOptions) -> Result<Value, Error> {
    let refused = [
        (
            !options.distilled,
            "a distillation token",
            "distilled: true",
        ),
        (options.channels != 1, "one channel", "channels: 1"),
        (
            options.pooling != Pooling::Class,
            "its embedding at its two tokens",
            "pooling: \"class\"",
        ),
    ];
    if let Some((_, what, option)) = refused.into_iter().find(|(is_refused, ..)| *is_refused) {
        return Err(Error::Run {
            message: format!("the transformer of `transformers` has {what}, this one has not"),
            hint: format!("build it with `{option}`, or save its weights with `m.save(path)`"),
        });
    }
    let mut config = json!({
        "architectures": ["ASTModel"],
        "model_type": "audio-spectrogram-transformer",
        "hidden_size": options.dim,
        "num_hidden_layers": options.depth,
        "num_attention_heads": options.heads,
        "intermediate_size": MLP_RATIO * options.dim,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "layer_norm_eps": options.norm_epsilon.unwrap_or(EPSILON),
        "patch_size": PATCH,
        "qkv_bias": true,
        "frequency_stride": options.stride,
        "time_stride": options.stride,
        "max_length": options.frames,
        "num_mel_bins": options.bands,
        "torch_dtype": "float32",
    });
    if let Some(classes) = options.classes {
        let names = (0..classes).map(|class| (class.to_string(), json!(format!("class {class}"))));
        config["architectures"] = json!(["ASTForAudioClassification"]);
        config["id2label"] = Value::Object(names.collect());
        let ids = (0..classes).map(|class| (format!("class {class}"), json!(class)));
        config["label2id"] = Value::Object(ids.collect());
    }
    Ok(config)
}
/// The features as the network reads them: less the mean of the training clips, divided by what they are divided by.
fn scaled(graph: &mut Graph, x: &str, front_end: &FrontEnd) -> String {
    let scaling = front_end.scaling;
    let mean = graph.number("mean", scaling.mean);
    let deviation = graph.number("deviation", scaling.deviation);
    let centred = graph.op("Sub", &[x, &mean], &[]);
    graph.op("Div", &[&centred, &deviation], &[])
}

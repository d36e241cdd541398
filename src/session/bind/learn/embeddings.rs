//! Embeddings of a dataset's clips, with what is known of each clip.

use super::super::Environment;
use super::embeddings_parquet;
use super::label::label;
use super::model::{Model, front_end};
use crate::script::{Call, Function, Parts, Picture, ScriptError, ScriptValue, Topic};
use auricle_audio::dataset::{Clip, Dataset};
use auricle_audio::io::write_whole;
use auricle_figure::{
    Axis, Drawing, Grid, HeatMap, Place, Words, color_bar, drawing_image, heat_panel,
};
use auricle_learn::Device;
use auricle_learn::eval::{Matrix, Pooling, Reading, embed_pooled};
use auricle_learn::tensor::{NdTensor, Values, save_npy, save_safetensors};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::Dynamic;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// A row a clip, and the clips. They are shared: those of a large dataset are too many to be copied at every call.
pub(super) struct Embeddings {
    rows: Matrix,
    data: Dataset,
}

impl Deref for Embeddings {
    type Target = Matrix;

    fn deref(&self) -> &Matrix {
        &self.rows
    }
}

impl ScriptValue for Arc<Embeddings> {
    const NAME: &'static str = "embeddings";

    fn text(&self) -> String {
        facts(self)
    }

    fn parts(&self) -> Parts {
        let Some(map) = heat_map(self) else {
            return Vec::new();
        };
        let drawing = drawing(self, &map);
        vec![
            ("text/html", drawing_image("embeddings", &drawing).into()),
            ("image/png", STANDARD.encode(drawing.to_png()).into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        heat_map(self).map(|map| Picture::Pixels(map.into_pixels()))
    }

    fn is_long(&self) -> bool {
        self.values.len() > LONG
    }

    fn same(&self, other: &Arc<Embeddings>) -> Option<bool> {
        Some(self.rows == other.rows && self.data.clips() == other.data.clips())
    }
}

/// Numbers that take a while.
const LONG: usize = 1 << 18;

/// Embeddings as a picture: clips to the right, features upwards.
fn heat_map(matrix: &Matrix) -> Option<HeatMap> {
    let (rows, columns) = (matrix.columns, matrix.rows());
    let values: Vec<f32> = (0..rows)
        .flat_map(|feature| (0..columns).map(move |clip| matrix.row(clip)[feature] as f32))
        .collect();
    HeatMap::of(Grid {
        values: &values,
        columns,
        rows,
    })
}

/// The same with axes and a bar of its colours.
fn drawing(matrix: &Matrix, map: &HeatMap) -> Drawing {
    let mut drawing = Drawing::new(640.0, 290.0);
    drawing.text([60.0, 19.0], Words::new(facts(matrix), 14.0).bold());
    let place = Place {
        left: 60.0,
        top: 30.0,
        width: 510.0,
        height: 220.0,
    };
    let axis = |n: usize, title: &str| Axis::new(0.0, n as f64, title);
    heat_panel(
        &mut drawing,
        place,
        Some(map),
        &axis(matrix.rows(), "clip"),
        &axis(matrix.columns, "feature"),
    );
    color_bar(&mut drawing, [584.0, 30.0], 220.0, map, "value");
    drawing
}

fn facts(matrix: &Matrix) -> String {
    format!(
        "embeddings of {} clips, {} features each",
        matrix.rows(),
        matrix.columns
    )
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![embed(environment), shape(), rows(), column(), save()];
    all.extend(properties());
    all
}

/// How embeddings are read, as a call says it.
pub(super) fn reading(call: &Call<'_>) -> Result<Reading, ScriptError> {
    Ok(Reading {
        pooling: call.chosen("pooling", &Pooling::WORDS)?,
        layer: call.get("layer")?,
    })
}

/// The same as lines of a name and a value, where it is not the encoder's own.
pub(super) fn told(reading: &Reading) -> Vec<(String, String)> {
    let word = Pooling::WORDS
        .iter()
        .find(|(_, own)| *own == reading.pooling);
    let word = word.filter(|_| reading.pooling != Pooling::Own);
    let pooling = word.map(|(word, _)| ("pooling".to_owned(), (*word).to_owned()));
    let layer = reading
        .layer
        .clone()
        .map(|layer| ("layer".to_owned(), layer));
    pooling.into_iter().chain(layer).collect()
}

/// Adds the options that say it.
pub(super) fn with_reading(function: Function) -> Function {
    function
        .option::<String>(
            "pooling",
            "own",
            "how the last map or the tokens become an embedding: \"own\", as the encoder does; \"mean\", \"max\", \
             \"mean_max\", \"frequency\" (mean over time, bands kept), or \"statistics\" (mean and deviation over \
             time, bands kept, as the log-mel statistics have them)",
        )
        .words("pooling", &Pooling::WORDS.map(|(word, _)| word))
        .option::<Option<String>>(
            "layer",
            (),
            "an earlier layer whose output is pooled, by its name in `summary()`, such as \"layer2\"; the mean of it \
             where `pooling` is \"own\"",
        )
}

fn embed(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("embed", Topic::Training, move |call| {
        let (model, data) = (call.receiver::<Model>()?, call.value::<Dataset>("data")?);
        let reading = reading(call)?;
        let front_end = front_end(call, &model.encoder, &data, &environment)?;
        let stop = environment.token.stop();
        let stop = || stop.is_asked();
        let (device, workers) = (environment.device()?, environment.workers()?);
        let rows = embed_pooled(
            &model.encoder,
            &front_end,
            &data,
            &reading,
            &device,
            &workers,
            &stop,
        )?;
        Ok(Dynamic::from(Arc::new(Embeddings { rows, data })))
    })
    .on::<Model>()
    .long()
    .about("Embeds every clip of a dataset, in order and without augmentation.")
    .param::<Dynamic>("data", "the dataset")
    .option::<Dynamic>(
        "features",
        (),
        "recipe from waves to features; the one the model was trained with, else `log_mel()`, \
         and none for a model that reads waves",
    );
    with_reading(function)
        .returns("embeddings")
        .reads_data()
        .example(
            "let d = dataset([#{ wave: tone(440, 1) }]); let m = resnet18(#{ width: 4 }); \
             assert(m.embed(d).shape == [1, 32] && m.embed(d, #{ pooling: \"mean_max\" }).shape == [1, 64])",
        )
}

fn shape() -> Function {
    Function::property::<Arc<Embeddings>, _>("shape", Topic::Training, |matrix| {
        Ok(Dynamic::from_array(vec![
            (matrix.rows() as i64).into(),
            (matrix.columns as i64).into(),
        ]))
    })
    .about("Clips and features.")
    .example(
        "let d = dataset([#{ wave: tone(440, 1) }]); print(resnet18(#{ width: 4 }).embed(d).shape)",
    )
}

fn rows() -> Function {
    Function::new("to_array", Topic::Training, |call| {
        let matrix = call.receiver::<Arc<Embeddings>>()?;
        let row = |index: usize| Dynamic::from_array(matrix.row(index).iter().map(|&v| v.into()).collect());
        Ok(Dynamic::from_array((0..matrix.rows.rows()).map(row).collect()))
    })
    .on::<Arc<Embeddings>>()
    .about("Gives the embeddings as an array of rows.")
    .returns("array")
    .example("let d = dataset([#{ wave: tone(440, 1) }]); print(resnet18(#{ width: 4 }).embed(d).to_array()[0].len())")
}

const EMBEDDED: &str = "let d = dataset([#{ wave: tone(440, 1), label: \"a\", group: \"p1\" }, #{ wave: tone(880, 1) }]); \
     let e = resnet18(#{ width: 4 }).embed(d);";

fn properties() -> Vec<Function> {
    fn property(
        name: &'static str,
        about: &'static str,
        holds: &str,
        read: fn(&Dataset) -> Vec<Dynamic>,
    ) -> Function {
        Function::property::<Arc<Embeddings>, _>(name, Topic::Training, move |own| {
            Ok(Dynamic::from_array(read(&own.data)))
        })
        .about(about)
        .example(format!("{EMBEDDED} assert({holds})"))
    }
    vec![
        property(
            "ids",
            "The number of each clip in its whole dataset.",
            "e.ids == [0, 1]",
            |data| {
                data.clips()
                    .iter()
                    .map(|clip| (clip.id as i64).into())
                    .collect()
            },
        ),
        property(
            "labels",
            "The class of each clip, its classes, or its number; nothing where it is not labelled.",
            "e.labels == [\"a\", ()]",
            |data| data.clips().iter().map(|clip| label(data, clip)).collect(),
        ),
        property(
            "groups",
            "What each clip belongs to, such as the patient, by the first of the dataset's groups; nothing where that is not known.",
            "e.groups == [\"p1\", ()]",
            |data| {
                let column = data.groups().first();
                let group =
                    |clip: &Clip| column.and_then(|column| clip.column(column).map(str::to_owned));
                let groups = data.clips().iter().map(group);
                groups
                    .map(|group| group.map_or(Dynamic::UNIT, Into::into))
                    .collect()
            },
        ),
    ]
}

fn column() -> Function {
    Function::new("column", Topic::Training, |call| {
        let own = call.receiver::<Arc<Embeddings>>()?;
        let name = call.get::<String>("name")?;
        let cell = |clip: &Clip| clip.column(&name).map_or(Dynamic::UNIT, |cell| cell.to_owned().into());
        Ok(Dynamic::from_array(own.data.clips().iter().map(cell).collect()))
    })
    .on::<Arc<Embeddings>>()
    .about("Gives a column of the dataset, such as the device, for each clip; nothing where it is not known.")
    .param::<String>("name", "name of the column")
    .returns("array")
    .example(format!("{EMBEDDED} assert(e.column(\"group\") == e.groups)"))
}

fn save() -> Function {
    Function::new("save", Topic::Training, |call| {
        let own = call.receiver::<Arc<Embeddings>>()?;
        let path = call.get::<String>("path")?;
        let path = Path::new(&path);
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => Ok(save_npy(path, &own.tensor()?)?),
            Some("safetensors") => Ok(save_safetensors(path, &own.tensors()?)?),
            Some("csv") => Ok(write_whole(path, own.to_csv().as_bytes())?),
            Some("parquet") => embeddings_parquet::write(path, &own.data, &own.rows),
            _ => Err(call.wrong("path", "a name that ends in `.npy`, `.safetensors`, `.csv` or `.parquet`")),
        }
    })
    .on::<Arc<Embeddings>>()
    .long()
    .about("Saves the embeddings: their numbers alone as NumPy's `.npy`, with what is known of the clips as safetensors, CSV or Parquet.")
    .note(
        "safetensors has `embeddings` [clips, features], `ids` [clips], and `labels` [clips], -1 where there is none, or `targets`",
    )
    .note(
        "Parquet has `id`, `label` and `target` where there are some, `group`, the dataset's columns as text, and `embedding`, a list of \
         float32: pandas, polars and `datasets` read it",
    )
    .param::<String>("path", "where to; ends in `.npy`, `.safetensors`, `.csv` or `.parquet`")
    .reads_data()
    .example(format!(
        "{EMBEDDED} let f = temporary_folder() + \"/e.safetensors\"; e.save(f); \
         assert(load_safetensors(f).labels.to_array() == [0, -1]); e.save(temporary_folder() + \"/e.parquet\")"
    ))
}

impl Embeddings {
    /// The clips, in the order of the rows.
    pub(super) fn data(&self) -> &Dataset {
        &self.data
    }

    fn tensor(&self) -> Result<NdTensor, ScriptError> {
        let values = self.rows.values.iter().map(|&x| x as f32).collect();
        let shape = [self.rows.rows(), self.rows.columns];
        Ok(NdTensor::new(
            Values::Float(values),
            &shape,
            &Device::flex(),
        )?)
    }

    fn tensors(&self) -> Result<BTreeMap<String, NdTensor>, ScriptError> {
        let clips = self.data.clips();
        let whole = |read: &dyn Fn(&Clip) -> i64| {
            let values = clips.iter().map(read).collect();
            NdTensor::new(Values::Int(values), &[clips.len()], &Device::flex())
        };
        let class = |label: Option<usize>| label.map_or(-1, |label| label as i64);
        let mut tensors = BTreeMap::from([
            ("embeddings".to_owned(), self.tensor()?),
            ("ids".to_owned(), whole(&|clip| clip.id as i64)?),
            ("labels".to_owned(), whole(&|clip| class(clip.label))?),
        ]);
        if clips.iter().any(|clip| clip.target.is_some()) {
            let values = clips
                .iter()
                .map(|clip| clip.target.map_or(f32::NAN, |x| x as f32))
                .collect();
            let targets = NdTensor::new(Values::Float(values), &[clips.len()], &Device::flex())?;
            tensors.insert("targets".to_owned(), targets);
        }
        Ok(tensors)
    }

    /// A line a clip: its number, label, columns and features.
    fn to_csv(&self) -> String {
        let names: Vec<String> = (0..self.rows.columns).map(|k| format!("f{k}")).collect();
        clips_csv(&self.data, &self.rows, &names)
    }
}

/// A line a clip: its number, label and columns, and a row of numbers under their names.
pub(super) fn clips_csv(data: &Dataset, rows: &Matrix, numbers: &[String]) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names = data.column_names();
    let columns: String = names
        .iter()
        .map(|name| format!(",{}", quote(name)))
        .collect();
    let numbers: String = numbers.iter().map(|name| format!(",{name}")).collect();
    let mut out = format!("id,label{columns}{numbers}\n");
    for (row, clip) in data.clips().iter().enumerate() {
        let label = match label(data, clip) {
            none if none.is_unit() => String::new(),
            several if several.is_array() => {
                let several = several.into_array().unwrap_or_default();
                let names: Vec<String> = several.iter().map(Dynamic::to_string).collect();
                quote(&names.join(";"))
            }
            one => quote(&one.to_string()),
        };
        let cell = |name: &&str| format!(",{}", quote(clip.column(name).unwrap_or_default()));
        let columns: String = names.iter().map(cell).collect();
        let numbers: String = rows.row(row).iter().map(|x| format!(",{x}")).collect();
        out.push_str(&format!("{},{label}{columns}{numbers}\n", clip.id));
    }
    out
}

//! The runs that a folder holds, as a table.

use crate::script::{Function, Topic};
use auricle_learn::eval::study::{Results, Row};
use auricle_learn::train::{RunFolder, run_folders};
use rhai::Dynamic;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("runs", Topic::Training, |call| {
            let folder = call.get::<String>("folder")?;
            let rows = run_folders(Path::new(&folder))?;
            let rows = rows.iter().map(row).collect();
            Ok(Dynamic::from(Results { rows }))
        })
        .about("Lists the runs that a folder holds, those written last behind the others: what each was told, and the figures of its last epoch.")
        .note("on the command line, `auricle runs` lists, shows, compares and removes them")
        .param_or::<String>("folder", "runs", "the folder that runs were given as `out`")
        .returns("results")
        .reads_data()
        .example(
            "let dir = temporary_folder(); let clips = []; for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2) }) } \
             simclr(resnet18(#{ width: 4 }), dataset(clips), #{ recipe: log_mel(#{ n_mels: 16 }), epochs: 1, batch: 4, out: dir }).fit(); \
             let r = runs(dir); assert(r.len() == 1 && r.rows[0].finished && r.rows[0].epoch == 1)",
        ),
    ]
}

fn row(run: &RunFolder) -> Row {
    let texts = run.settings.iter();
    let texts = texts.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let numbers = run.figures.iter();
    let numbers = numbers.map(|(name, value)| (name.clone(), json!(value)));
    // `epochs` is how many it was told to train, `epoch` how many it has trained.
    let mut figures: std::collections::BTreeMap<String, Value> = texts.chain(numbers).collect();
    figures.insert("finished".into(), run.finished.into());
    Row {
        point: [("run".to_owned(), Value::from(run.name()))].into(),
        figures,
        error: None,
        seconds: 0.0,
    }
}

//! Collections of clips that a table lists.

use super::super::Environment;
use super::data_form::{form, formed};
use super::data_sets::{tell_missing, when_missing, with_missing};
use crate::script::{Function, Topic};
use auricle_audio::dataset::{self, Manifest, Part};
use rhai::Dynamic;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) fn manifest(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("manifest", Topic::Data, move |call| {
        let table = call.get::<String>("csv")?;
        let part = match call.get::<Option<String>>("part")? {
            None => None,
            Some(word) => {
                Some(Part::of_word(&word).ok_or_else(|| call.wrong("part", "\"train\", \"validation\" or \"test\""))?)
            }
        };
        let separator = call.get::<String>("separator")?;
        if separator.is_empty() {
            return Err(call.wrong("separator", "what stands between classes, such as \",\""));
        }
        let by = Manifest {
            path: call.get("path")?,
            label: call.get("label")?,
            labels: call.get("labels")?,
            separator,
            target: call.get("target")?,
            fold: call.get("fold")?,
            group: call.get("group")?,
            split: call.get("split")?,
            part,
            start_s: call.get("start_s")?,
            end_s: call.get("end_s")?,
            columns: call.get::<Option<Vec<String>>>("columns")?.unwrap_or_default(),
            classes: call.get::<Option<Vec<String>>>("classes")?.unwrap_or_default(),
            root: call.get::<Option<String>>("root")?.map(PathBuf::from),
            missing: when_missing(call, "missing")?,
        };
        let data = dataset::manifest(Path::new(&table), &by, form(call)?, environment.cache())?;
        tell_missing(&environment, &data);
        Ok(Dynamic::from(data))
    })
    .about("Opens the clips that a table lists: FSD50K, FluSense, PSG, CoughVID, Coswara, Virufy and the like.")
    .note(
        "files that the table names and that are not there are counted and named, in an error or, with \
         `missing: \"leave out\"`, in a remark; `data.missing` lists them",
    )
    .param::<String>("csv", "the table, with a head; commas, semicolons or tabs stand between its columns")
    .option::<String>(
        "path",
        "path",
        "column of the files, or a text with columns in braces such as \"{id}/cough-heavy.wav\"; an ending may be left out",
    );
    let columns = [
        ("label", "column of the class, one a clip"),
        ("labels", "column of the classes, any number a clip"),
        ("target", "column of a number to predict"),
        (
            "fold",
            "column of the cross-validation fold, a whole number",
        ),
        (
            "group",
            "column of what belongs together, such as the patient",
        ),
        (
            "split",
            "column of the part: train, validation (or val), test (or eval)",
        ),
        ("start_s", "column of where the clip begins in its file, s"),
        ("end_s", "column of where it ends, s"),
    ];
    let function = columns.iter().fold(function, |function, (name, about)| {
        function.option::<Option<String>>(name, (), about)
    });
    let function = function
        .option::<String>(
            "separator",
            ",",
            "what stands between the classes of a cell of `labels`",
        )
        .option::<Option<String>>(
            "part",
            (),
            "part that all rows are of: \"train\", \"validation\" or \"test\"",
        )
        .words("part", &["train", "validation", "test"])
        .option::<Option<Vec<String>>>("columns", (), "further columns to keep, an array of names")
        .option::<Option<Vec<String>>>(
            "classes",
            (),
            "the classes in order; those that occur, sorted, if not given",
        )
        .option::<Option<String>>(
            "root",
            (),
            "folder below which the files lie; that of the table if not given",
        );
    with_missing(formed(function)).example(
        "let d = temporary_folder(); for i in 0..3 { tone(440, 2).save(`${d}/audio/c${i}.wav`) } \
         save_text(\"clip,what,age,patient,from,to\\nc0,cough;voice,31,p1,0.5,1.5\\n\
         c1,cough,28,p2,,\\nc2,,45,p2,,\\n\", d + \"/t.csv\"); \
         let m = manifest(d + \"/t.csv\", #{ path: \"clip\", root: d + \"/audio\", labels: \"what\", separator: \";\", \
         target: \"age\", group: \"patient\", start_s: \"from\", end_s: \"to\" }); \
         assert(m.labels == [\"cough\", \"voice\"] && m[0].labels == m.labels && m[0].wave.seconds == 1 && m[2].target == 45)",
    )
}

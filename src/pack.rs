//! `auricle pack`: recordings packed into shards.

use crate::arguments::{exit, flag};
use crate::run::stop_on_interrupt;
use crate::terminal::{Terminal, with_hint};
use auricle_audio::Error;
use auricle_audio::dataset::{
    Dataset, FolderNames, Form, Manifest, Pack, PackFormat, PackedUp, Shard, folder, manifest,
};
use auricle_session::script::{CancelToken, Progress, Sink};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How it is called.
pub(crate) fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let column = |name, help| option(name, "COLUMN", help);
    Command::new("pack")
        .about("Packs recordings into shards that `shards`, WebDataset and Hugging Face read")
        .after_help(
            "Files are stored byte for byte as they are, with their class, their path and the columns of their table. Of a \
             folder, the folders in it are the classes. A shard is whole or absent, and what it holds depends on the inputs \
             and on N alone: `--shard i/n` lets several processes share the work, and a run that was stopped or killed goes \
             on with `--resume`. DIR/pack.json says what is packed.\n\n\
             As `tar`, a clip is a sound, its class in `.cls` and what is known of it in `.json`; as `parquet`, a row with \
             `audio` of bytes and path, `label` with the names of the classes, and a column for each of the table.",
        )
        .arg(
            Arg::new("inputs")
                .value_name("IN")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Folders of sounds, and tables (.csv, .tsv) that list them"),
        )
        .arg(option("out", "DIR", "Folder of the shards").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            option("format", "NAME", "What the clips are packed into")
                .value_parser(PackFormat::WORDS.map(|(word, _)| word))
                .default_value("tar"),
        )
        .arg(
            option("shard-size", "N", "Clips of a shard")
                .value_parser(value_parser!(u64).range(1..))
                .default_value("1000"),
        )
        .arg(option("shard", "i/n", "Makes only the i-th of n shares of the shards, counted from 1").default_value("1/1"))
        .arg(column("path", "Of tables: column of the files, or a text with columns in braces").default_value("path"))
        .arg(column("label", "Of tables: column of the class; `label` where there is one, if not given"))
        .arg(column("group", "Of tables: column of what belongs together, such as the patient"))
        .arg(column("fold", "Of tables: column of the cross-validation fold"))
        .arg(column("split", "Of tables: column of the part, such as train or test"))
        .arg(option("columns", "A,B", "Of tables: further columns to keep").value_delimiter(','))
        .arg(
            option("root", "DIR", "Of tables: folder below which the files lie; the table's if not given")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag("resume", "Keeps the shards that are there and makes the others"))
        .arg(flag("quiet", "Shows no progress"))
}

/// Runs the command; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Terminal::new(true).quiet(matches.get_flag("quiet"));
    let wrong = |message: String, code: u8| {
        terminal.clear();
        terminal.error(&message);
        code
    };
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let shard = match Shard::parse(&text("shard").unwrap_or_default()) {
        Ok(shard) => shard,
        Err(error) => return wrong(format!("error: {error}"), exit::USAGE),
    };
    let data = match data(matches) {
        Ok(data) => data,
        Err(error) => return wrong(with_hint(&error, error.hint()), exit::SCRIPT),
    };
    let passed_over = data.passed_over().to_string();
    if !passed_over.is_empty() {
        terminal.note(&passed_over);
    }
    let format = text("format").unwrap_or_default();
    let mut formats = PackFormat::WORDS.into_iter();
    let format = formats.find(|(word, _)| *word == format);
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let size = matches.get_one::<u64>("shard-size").copied().unwrap_or(1);
    let pack = Pack {
        data,
        format: format.map_or(PackFormat::Tar, |(_, format)| format),
        shard_size: usize::try_from(size).unwrap_or(usize::MAX),
        shard,
        resume: matches.get_flag("resume"),
        out: path("out").unwrap_or_default(),
    };
    let token = CancelToken::default();
    stop_on_interrupt(token.clone());
    let started = Instant::now();
    let packed = pack.run(|done, all| {
        let elapsed_s = started.elapsed().as_secs_f64();
        let figures = format!("{:.0} clips a second", done as f64 / elapsed_s.max(1e-9));
        let at = [done as u64, all as u64];
        terminal.progress(&Progress::steady("pack", at, elapsed_s, figures));
        !token.is_cancelled()
    });
    terminal.clear();
    match packed {
        Ok(PackedUp {
            clips,
            kept,
            shards,
            stopped,
        }) => {
            let kept = match kept {
                0 => String::new(),
                kept => format!(", {kept} were there"),
            };
            let (seconds, out) = (started.elapsed().as_secs_f64(), pack.out.display());
            terminal.print(&format!(
                "{clips} clips packed into {shards} shards{kept}, in {seconds:.1} s: {out}"
            ));
            match stopped {
                true => wrong(
                    "stopped; `--resume` goes on from here".into(),
                    exit::INTERRUPTED,
                ),
                false => exit::OK,
            }
        }
        Err(error) => {
            let is_other = matches!(&error, Error::File { path, .. } if *path == pack.out);
            let code = match is_other && error.is_refusal() {
                true => exit::USAGE,
                false => exit::SCRIPT,
            };
            wrong(with_hint(&error, error.hint()), code)
        }
    }
}

/// The clips of all inputs.
fn data(matches: &ArgMatches) -> Result<Dataset, Error> {
    let inputs = matches.get_many::<PathBuf>("inputs").into_iter().flatten();
    let all: Vec<Dataset> = inputs
        .map(|input| match is_table(input) {
            true => table(input, matches),
            false => folder(input, &FolderNames::default(), Form::default(), None),
        })
        .collect::<Result<_, Error>>()?;
    match all.as_slice() {
        [one] => Ok(one.clone()),
        all => Dataset::joined(all),
    }
}

fn is_table(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["csv", "tsv", "txt"].iter().any(|own| ending == *own))
}

/// The clips that a table lists.
fn table(path: &Path, matches: &ArgMatches) -> Result<Dataset, Error> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let columns = matches.get_many::<String>("columns").into_iter().flatten();
    let label = match text("label") {
        Some(label) => Some(label),
        None => has_label(path)?.then(|| "label".to_owned()),
    };
    let by = Manifest {
        path: text("path").unwrap_or_default(),
        label,
        separator: ",".into(),
        fold: text("fold"),
        group: text("group"),
        split: text("split"),
        columns: columns.cloned().collect(),
        root: matches.get_one::<PathBuf>("root").cloned(),
        ..Manifest::default()
    };
    manifest(path, &by, Form::default(), None)
}

/// Whether the head of a table names a column `label`.
fn has_label(path: &Path) -> Result<bool, Error> {
    let file = std::fs::File::open(path).map_err(|error| Error::file(path, error))?;
    let mut head = String::new();
    let read = BufReader::new(file).read_line(&mut head);
    read.map_err(|error| Error::file(path, error))?;
    let mut names = head.split([',', ';', '\t']);
    Ok(names.any(|name| name.trim().trim_matches('"') == "label"))
}

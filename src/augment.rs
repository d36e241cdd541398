//! `auricle augment`: a recipe over files.

use crate::cli::{exit, flag, seed_argument};
use crate::run::{read, show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{AugmentFiles, Encoding, Event, Shard, Summary, manifest_name};
use auricle_audio::io::{FlacFormat, SampleFormat};
use auricle_session::script::{CancelToken, Progress, Sink, describe};
use auricle_session::{Session, Settings};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How it is called.
pub(crate) fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("augment")
        .about("Runs a recipe over sound files and writes what it makes, with a record of every value drawn")
        .after_help(
            "The manifest in DIR has a line of JSON for every view of every input. What is drawn for a file depends on \
             the seed, its place in the sorted list of inputs and the view: neither threads nor shards change a byte, \
             and the shards' manifests, one after the other, are the manifest of the whole.",
        )
        .arg(
            Arg::new("recipe")
                .value_name("RECIPE")
                .required(true)
                .help("A script, or a file ending in .rhai with one, whose last value is a recipe or views"),
        )
        .arg(
            Arg::new("inputs")
                .value_name("IN")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Sound files, and folders that are searched for them"),
        )
        .arg(option("out", "DIR", "Folder of the outputs").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            option("views", "N", "Views of each file, if the recipe makes none of its own")
                .value_parser(value_parser!(i64)),
        )
        .arg(option("jobs", "N", "Threads; all processors if not given").value_parser(value_parser!(u16).range(1..)))
        .arg(seed_argument())
        .arg(option("format", "NAME", "Format of the outputs").value_parser(["wav", "flac"]).default_value("wav"))
        .arg(
            option("bits", "N", "Bits of a sample: 16 or 24, or for WAV 32, which are floating point and hold every level; the most if not given")
                .value_parser(["16", "24", "32"]),
        )
        .arg(option("shard", "i/n", "Does only the i-th of n parts of the inputs, counted from 1").default_value("1/1"))
        .arg(flag("resume", "Keeps the outputs that the manifest says were made by the same recipe and seed"))
        .arg(flag("strict", "Stops at the first file that cannot be used, instead of passing over it"))
        .arg(flag("quiet", "Shows no progress"))
}

/// Runs the command; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Arc::new(Terminal::new(true).quiet(matches.get_flag("quiet")));
    let wrong = |message: String, code: u8| {
        terminal.clear();
        terminal.error(&message);
        code
    };
    let one = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(0);
    let (views, seed, token) = match recipe(&one("recipe"), matches.get_one::<i64>("views").copied(), seed, &terminal) {
        Ok(made) => made,
        Err(code) => return code,
    };
    let shard = match Shard::parse(&one("shard")) {
        Ok(shard) => shard,
        Err(error) => return wrong(format!("error: {error}"), exit::USAGE),
    };
    let encoding = match encoding(&one("format"), &one("bits")) {
        Ok(encoding) => encoding,
        Err(message) => return wrong(message, exit::USAGE),
    };
    let job = AugmentFiles {
        views,
        seed,
        out: matches.get_one::<PathBuf>("out").cloned().unwrap_or_default(),
        encoding,
        shard,
        n_jobs: jobs(matches),
        resume: matches.get_flag("resume"),
        strict: matches.get_flag("strict"),
    };
    let inputs: Vec<PathBuf> = matches.get_many::<PathBuf>("inputs").unwrap_or_default().cloned().collect();
    let plan = match job.plan(&inputs) {
        Ok(plan) => {
            if !plan.passed_over().is_empty() {
                terminal.error(&plan.passed_over().to_string());
            }
            plan
        }
        Err(error) => return wrong(with_hint(&error), exit::USAGE),
    };
    let started = Instant::now();
    let mut n_failed = 0;
    let result = job.run(&plan, &|| token.is_cancelled(), &mut |event| match event {
        Event::Failed { source, error } => {
            n_failed += 1;
            if !job.strict {
                terminal.error(&format!("passed over: {}", about(&source, &error)));
            }
        }
        Event::Done { n_done, n_total } => terminal.progress(&Progress {
            title: "augment".into(),
            done: n_done as u64,
            total: n_total as u64,
            figures: match n_failed {
                0 => format!("{:.1} files/s", n_done as f64 / started.elapsed().as_secs_f64()),
                n => format!("{n} passed over"),
            },
            left_s: Some(started.elapsed().as_secs_f64() / n_done as f64 * (n_total - n_done) as f64),
            finished: n_done == n_total,
            ..Progress::default()
        }),
    });
    terminal.clear();
    match result {
        Ok(summary) => {
            terminal.print(&told(&summary, started.elapsed().as_secs_f64(), &job.out.join(manifest_name(job.shard))));
            match summary {
                Summary { stopped: true, .. } => {
                    wrong("stopped; `--resume` goes on from here".into(), exit::INTERRUPTED)
                }
                Summary { n_failed, n_items, .. } if n_failed == n_items && n_items > 0 => exit::SCRIPT,
                _ => exit::OK,
            }
        }
        Err(error) => wrong(with_hint(&error), exit::SCRIPT),
    }
}

/// The views that a script text or file builds, the seed it leaves, and the request to stop.
fn recipe(
    script: &str,
    n_views: Option<i64>,
    seed: u64,
    terminal: &Arc<Terminal>,
) -> Result<(Views, u64, CancelToken), u8> {
    let (name, text) = if script.ends_with(".rhai") {
        (script, read(Path::new(script), terminal).ok_or(exit::USAGE)?)
    } else {
        ("recipe", script.to_owned())
    };
    let mut session = Session::new(Settings { seed, ..Settings::default() }, terminal.clone()).map_err(|error| {
        terminal.error(&format!("error: {error}"));
        exit::SCRIPT
    })?;
    let token = session.cancel_token();
    stop_on_interrupt(token.clone());
    let value = session.eval(name, &text).map(|outcome| outcome.value).map_err(|diagnostic| {
        show(&diagnostic, terminal);
        exit::SCRIPT
    })?;
    let refused = |message: String| {
        terminal.error(&format!("error: {message}"));
        exit::SCRIPT
    };
    let views = if let Some(views) = value.clone().try_cast::<Views>() {
        if n_views.is_some_and(|n| n != views.recipes().len() as i64) {
            return Err(refused(format!("`--views` and the recipe do not agree: it makes {}", views.recipes().len())));
        }
        views
    } else if let Some(recipe) = value.clone().try_cast::<Recipe>() {
        Views::of(n_views.unwrap_or(1), &recipe).map_err(|error| refused(error.to_string()))?
    } else {
        let what = describe(&value);
        return Err(refused(format!("the last value of the script must be a recipe or views, not {what}")));
    };
    Ok((views, session.seed(), token))
}

/// The encoding that a format and a number of bits name; the most bits if none are given.
fn encoding(format: &str, bits: &str) -> Result<Encoding, String> {
    Ok(match (format, bits) {
        ("flac", "16") => Encoding::Flac(FlacFormat::Int16),
        ("flac", "24" | "") => Encoding::Flac(FlacFormat::Int24),
        ("flac", _) => return Err("error: a FLAC file holds whole numbers: `--bits` must be 16 or 24".into()),
        (_, "16") => Encoding::Wav(SampleFormat::Int16),
        (_, "24") => Encoding::Wav(SampleFormat::Int24),
        _ => Encoding::Wav(SampleFormat::Float32),
    })
}

fn jobs(matches: &ArgMatches) -> NonZeroUsize {
    let given = matches.get_one::<u16>("jobs").and_then(|&n| NonZeroUsize::new(usize::from(n)));
    given.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// An error with the file it is about, where it does not say so itself.
fn about(source: &Path, error: &auricle_audio::Error) -> String {
    let (source, text) = (source.display().to_string(), error.to_string());
    if text.contains(&source) { text } else { format!("`{source}`: {text}") }
}

fn with_hint(error: &auricle_audio::Error) -> String {
    let hint = error.hint().map(|hint| format!("\n  = help: {hint}")).unwrap_or_default();
    format!("error: {error}{hint}")
}

/// The last lines: what was made, how fast, and where it is recorded.
fn told(summary: &Summary, elapsed_s: f64, manifest: &Path) -> String {
    let Summary { n_items, n_written, n_kept, n_failed, n_limited, written_s, .. } = summary;
    let mut text = format!("{n_items} inputs: {n_written} outputs written");
    if *n_kept > 0 {
        text += &format!(", {n_kept} kept");
    }
    if *n_failed > 0 {
        text += &format!(", {n_failed} inputs passed over");
    }
    text += &format!("; {written_s:.1} s of sound in {elapsed_s:.1} s");
    if *n_limited > 0 {
        text +=
            &format!("\n{n_limited} outputs were too loud for whole numbers and were limited; `--bits 32` keeps them");
    }
    format!("{text}\n{}", manifest.display())
}

//! `auricle augment`: a recipe over files.

use crate::arguments::{exit, flag, session_arguments, settings};
use crate::run::{last_value, session};
use crate::terminal::{Terminal, with_hint};
use auricle_audio::Error;
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{
    AugmentFiles, Encoding, Ended, Event, Replay, Shard, Summary, failed_name, manifest_name, size,
};
use auricle_session::Settings;
use auricle_session::script::{CancelToken, Progress, Sink, describe};
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
             and the shards' manifests, one after the other, are the manifest of the whole.\n\n\
             An output is never written over an input, nor over a file that no manifest in DIR knows. A run that is \
             stopped or killed keeps the record of all that it finished in manifest.jsonl.partial; --resume goes on from \
             there.\n\n\
             Exit codes: 0 all went well, or some inputs were passed over because their heads say that they are no sound \
             that can be read; 1 something could not be written, the recipe is wrong, no input could be used, or a strict \
             run met one that could not; 2 the command line is wrong, or an output would be written over something; 3 some \
             inputs failed after they were accepted; 130 it was interrupted. Inputs that were passed over or failed are \
             listed with the reasons in manifest.failed.tsv.\n\n\
             The manifest is enough to make its outputs again: auricle augment --replay DIR/manifest.jsonl --out AGAIN. Inputs \
             and recordings are looked for where they were, and must be what they were; so must the bytes that come out.",
        )
        .arg(
            Arg::new("recipe")
                .value_name("RECIPE")
                .required_unless_present("replay")
                .help("A script, or a file ending in .rhai with one, whose last value is a recipe or views"),
        )
        .arg(
            Arg::new("inputs")
                .value_name("IN")
                .required_unless_present("replay")
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Sound files, and folders that are searched for them"),
        )
        .arg(option("out", "DIR", "Folder of the outputs").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            option("views", "N", "Views of each file, if the recipe makes none of its own")
                .value_parser(value_parser!(i64)),
        )
        .arg(
            option("memory", "GB", "Memory that files may take together, GB; most of what is free if not given")
                .value_parser(gigabytes),
        )
        .args(session_arguments())
        .mut_arg("threads", |threads| threads.visible_alias("jobs"))
        .arg(option("format", "NAME", "Format of the outputs").value_parser(["wav", "flac"]).default_value("wav"))
        .arg(
            option("bits", "N", "Bits of a sample: 16 or 24, or for WAV 32, which are floating point and hold every level; the most if not given")
                .value_parser(["16", "24", "32"]),
        )
        .arg(option("shard", "i/n", "Does only the i-th of n parts of the inputs, counted from 1").default_value("1/1"))
        .arg(flag("resume", "Keeps the outputs that are whole and that the manifest says were made from the same: input, recordings, recipe, seed, format and program"))
        .arg(flag("overwrite", "Writes outputs over files that no manifest in the output folder knows; inputs are spared all the same"))
        .arg(
            option("replay", "MANIFEST", "Makes the outputs of a manifest again, instead of running a recipe: from its recipes, inputs and drawn values, and only as they were, byte for byte")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with_all(["recipe", "inputs", "views", "seed", "bits", "resume", "strict"]),
        )
        .arg(flag("strict", "Stops at the first file that cannot be used, instead of passing over it"))
        .arg(flag("quiet", "Shows no progress"))
}

/// Runs the command; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Arc::new(Terminal::new(true).quiet(matches.get_flag("quiet")));
    if let Some(manifest) = matches.get_one::<PathBuf>("replay") {
        return replay(manifest, matches, &terminal);
    }
    let wrong = |message: String, code: u8| {
        terminal.clear();
        terminal.error(&message);
        code
    };
    let one = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let n_views = matches.get_one::<i64>("views").copied();
    let (views, seed, token) = match recipe(&one("recipe"), n_views, settings(matches), &terminal) {
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
        out: matches
            .get_one::<PathBuf>("out")
            .cloned()
            .unwrap_or_default(),
        encoding,
        shard,
        n_jobs: jobs(matches),
        memory: matches
            .get_one::<f64>("memory")
            .map(|gigabytes| (gigabytes * 1e9) as u64),
        resume: matches.get_flag("resume"),
        overwrite: matches.get_flag("overwrite"),
        strict: matches.get_flag("strict"),
    };
    let inputs: Vec<PathBuf> = matches
        .get_many::<PathBuf>("inputs")
        .unwrap_or_default()
        .cloned()
        .collect();
    let plan = match job.plan(&inputs) {
        Ok(plan) => {
            if plan.kinds().len() > 1 {
                let kinds: Vec<String> = plan
                    .kinds()
                    .iter()
                    .map(|(kind, n)| format!("{n} {kind}"))
                    .collect();
                terminal.error(&format!("inputs: {}", kinds.join(", ")));
            }
            if !plan.passed_over().is_empty() {
                terminal.error(&plan.passed_over().to_string());
            }
            plan
        }
        Err(error) => return wrong(with_hint(&error, error.hint()), exit::USAGE),
    };
    let mut teller = Teller::new(&terminal, "`--resume`", job.n_jobs);
    let result = job.run(&plan, &|| token.is_cancelled(), &mut |event| {
        teller.tell(event)
    });
    teller.conclude(result, &job.out, job.shard)
}

/// Makes the outputs of a manifest again; gives the exit code.
fn replay(manifest: &Path, matches: &ArgMatches, terminal: &Arc<Terminal>) -> u8 {
    let (mut session, token) = match session(settings(matches), terminal) {
        Ok(made) => made,
        Err(code) => return code,
    };
    let mut is_recipe = false;
    let mut recipe = |source: &str| {
        let value = session
            .eval("recipe", source)
            .map_err(|diagnostic| {
                let reason = format!(
                    "its recipe cannot be made again: {} (`{source}`)",
                    diagnostic.message
                );
                is_recipe = true;
                match diagnostic.hints.as_slice() {
                    [] => Error::file(manifest, reason),
                    hints => Error::file_with_hint(manifest, reason, hints.join("; ")),
                }
            })?
            .value;
        value
            .try_cast::<Recipe>()
            .ok_or_else(|| Error::file(manifest, format!("`{source}` is no recipe")))
    };
    let replay = match Replay::read(manifest, &mut recipe) {
        Ok(replay) => replay,
        Err(error) => {
            terminal.error(&with_hint(&error, error.hint()));
            return match error {
                Error::File { .. } if !is_recipe => exit::USAGE,
                _ => exit::SCRIPT,
            };
        }
    };
    let out = matches
        .get_one::<PathBuf>("out")
        .cloned()
        .unwrap_or_default();
    let n_jobs = jobs(matches);
    let mut teller = Teller::new(terminal, "the same command", n_jobs);
    let stop = || token.is_cancelled();
    let result = replay.run(
        &out,
        n_jobs,
        matches.get_flag("overwrite"),
        &stop,
        &mut |event| teller.tell(event),
    );
    teller.conclude(result, &out, Shard::WHOLE)
}

/// Tells what happens, and in the end what came of it.
struct Teller<'a> {
    terminal: &'a Terminal,
    /// What goes on after an interruption.
    again: &'static str,
    n_jobs: NonZeroUsize,
    started: Instant,
    n_unused: usize,
}

impl<'a> Teller<'a> {
    fn new(terminal: &'a Terminal, again: &'static str, n_jobs: NonZeroUsize) -> Teller<'a> {
        Teller {
            terminal,
            again,
            n_jobs,
            started: Instant::now(),
            n_unused: 0,
        }
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::PassedOver { source, error } => self.unused("passed over", &source, &error),
            Event::Failed { source, error } => self.unused("failed", &source, &error),
            Event::Memory { n_bytes, source } => self.terminal.error(&format!(
                "note: fewer than {} files are worked on at once: `{}` takes about {} of memory; `--memory` says how much \
                 may be taken",
                self.n_jobs,
                source.display(),
                size(n_bytes)
            )),
            Event::Done { n_done, n_total } => {
                let elapsed_s = self.started.elapsed().as_secs_f64();
                let figures = match self.n_unused {
                    0 => format!("{:.1} files/s", n_done as f64 / elapsed_s),
                    n => format!("{n} not used"),
                };
                let at = [n_done as u64, n_total as u64];
                let progress = Progress::steady("augment", at, elapsed_s, figures);
                self.terminal.progress(&progress);
            }
        }
    }

    fn unused(&mut self, what: &str, source: &Path, error: &Error) {
        self.n_unused += 1;
        if self.n_unused <= MOST_NAMED {
            self.terminal
                .error(&format!("{what}: {}", about(source, error)));
        } else if self.n_unused == MOST_NAMED + 1 {
            self.terminal
                .error("others are only counted from here on; the list at the end has them all");
        }
    }

    /// Says how it ended; gives the exit code.
    fn conclude(&self, result: Result<Summary, Error>, out: &Path, shard: Shard) -> u8 {
        self.terminal.clear();
        let wrong = |message: String, code: u8| {
            self.terminal.error(&message);
            code
        };
        let summary = match result {
            Ok(summary) => summary,
            Err(error) => return wrong(with_hint(&error, error.hint()), exit::USAGE),
        };
        if summary.n_done > 0 || summary.ended == Ended::Complete {
            self.terminal.print(&told(
                &summary,
                self.started.elapsed().as_secs_f64(),
                out,
                shard,
            ));
        }
        let Summary {
            n_items,
            n_done,
            n_passed_over,
            n_failed,
            ended,
            ..
        } = summary;
        match ended {
            Ended::Stopped => wrong(
                format!("stopped; {} goes on from here", self.again),
                exit::INTERRUPTED,
            ),
            Ended::Broken(error) => {
                let done = format!("{n_done} of {n_items} inputs were done and are recorded");
                wrong(
                    format!(
                        "{}\n  = note: {done}; {} goes on from there",
                        with_hint(&error, error.hint()),
                        self.again
                    ),
                    exit::SCRIPT,
                )
            }
            Ended::Complete if n_failed > 0 => exit::INPUTS,
            Ended::Complete if n_passed_over == n_items && n_items > 0 => exit::SCRIPT,
            Ended::Complete => exit::OK,
        }
    }
}

/// Inputs that could not be used that are named on the terminal.
const MOST_NAMED: usize = 20;

/// The views that a script text or file builds, the seed it leaves, and the request to stop.
fn recipe(
    script: &str,
    n_views: Option<i64>,
    settings: Settings,
    terminal: &Arc<Terminal>,
) -> Result<(Views, u64, CancelToken), u8> {
    let (session, token, value) = last_value(script, "recipe", settings, terminal)?;
    let refused = |message: String| {
        terminal.error(&format!("error: {message}"));
        exit::SCRIPT
    };
    let views = if let Some(views) = value.clone().try_cast::<Views>() {
        if n_views.is_some_and(|n| n != views.recipes().len() as i64) {
            return Err(refused(format!(
                "`--views` and the recipe do not agree: it makes {}",
                views.recipes().len()
            )));
        }
        views
    } else if let Some(recipe) = value.clone().try_cast::<Recipe>() {
        Views::of(n_views.unwrap_or(1), &recipe).map_err(|error| refused(error.to_string()))?
    } else {
        let what = describe(&value);
        return Err(refused(format!(
            "the last value of the script must be a recipe or views, not {what}"
        )));
    };
    Ok((views, session.seed(), token))
}

/// The encoding that a format and a number of bits name; the most bits if none are given.
pub(crate) fn encoding(format: &str, bits: &str) -> Result<Encoding, String> {
    let most = if format == "flac" { 24 } else { 32 };
    Encoding::named(format, bits.parse().unwrap_or(most))
        .ok_or_else(|| "error: a FLAC file holds whole numbers: `--bits` must be 16 or 24".into())
}

/// An amount of memory.
fn gigabytes(text: &str) -> Result<f64, String> {
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "it must be a number above 0".into())
}

fn jobs(matches: &ArgMatches) -> NonZeroUsize {
    let given = matches
        .get_one::<u16>("threads")
        .and_then(|&n| NonZeroUsize::new(usize::from(n)));
    given
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// An error with the file it is about, where it does not say so itself.
fn about(source: &Path, error: &Error) -> String {
    let (source, text) = (source.display().to_string(), error.to_string());
    if text.contains(&source) {
        text
    } else {
        format!("`{source}`: {text}")
    }
}

/// The last lines: what was made, how fast, and where it is recorded.
fn told(summary: &Summary, elapsed_s: f64, out: &Path, shard: Shard) -> String {
    let Summary {
        n_items,
        n_written,
        n_kept,
        n_passed_over,
        n_failed,
        n_limited,
        written_s,
        ended,
        ..
    } = summary;
    let mut text = format!("{n_items} inputs: {n_written} outputs written");
    if *n_kept > 0 {
        text += &format!(", {n_kept} kept");
    }
    if *n_passed_over > 0 {
        text += &format!(", {n_passed_over} inputs passed over");
    }
    if *n_failed > 0 {
        text += &format!(", {n_failed} inputs failed");
    }
    text += &format!("; {written_s:.1} s of sound in {elapsed_s:.1} s");
    if *n_limited > 0 {
        text += &format!(
            "\n{n_limited} outputs were too loud for whole numbers and were limited; `--bits 32` keeps them"
        );
    }
    let (manifest, complete) = (out.join(manifest_name(shard)), *ended == Ended::Complete);
    text += &format!(
        "\n{}{}",
        manifest.display(),
        if complete { "" } else { ".partial" }
    );
    if complete && n_passed_over + n_failed > 0 {
        text += &format!(
            "\n{} lists the inputs that were not used",
            out.join(failed_name(shard)).display()
        );
    }
    text
}

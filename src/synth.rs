//! `auricle synth`: a corpus of synthesized sounds.

use crate::arguments::{exit, flag, session_arguments, settings};
use crate::augment::encoding;
use crate::run::last_value;
use crate::terminal::{Terminal, with_hint};
use auricle_audio::dataset::Shard;
use auricle_session::Settings;
use auricle_session::script::{CancelToken, Progress, Sink, describe};
use auricle_synth::corpus::{Corpus, Made, Storage};
use auricle_synth::{Synth, Units};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// How it is called.
pub(crate) fn command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let number =
        |name, value, help| option(name, value, help).value_parser(value_parser!(u64).range(1..));
    Command::new("synth")
        .about("Writes a corpus of synthesized sounds, each with its parameters")
        .after_help(
            "A sound depends on the synthesizer, the seed and its index alone: neither threads nor shards change a byte, and \
             shards written to one folder are the whole. DIR/corpus.json says what the corpus is. It is written in parts, \
             each whole or absent; a run that was stopped or killed goes on with `--resume`.\n\n\
             Stored as `files`, each part is a folder with a list of JSON lines beside it; as `tar`, a file that WebDataset \
             reads; as `parquet`, a file that Hugging Face's `datasets` reads, with a column for each parameter.",
        )
        .arg(
            Arg::new("script")
                .value_name("SYNTH")
                .required(true)
                .help("A script, or a file ending in .rhai with one, whose last value is a synthesizer: \"voice()\""),
        )
        .arg(number("count", "N", "Number of sounds").required(true))
        .arg(option("out", "DIR", "Folder of the corpus").required(true).value_parser(value_parser!(PathBuf)))
        .arg(
            option("storage", "NAME", "What the sounds are stored in")
                .value_parser(Storage::WORDS.map(|(word, _)| word))
                .default_value("files"),
        )
        .arg(option("format", "NAME", "Format of a sound").value_parser(["wav", "flac"]).default_value("wav"))
        .arg(
            option("bits", "N", "Bits of a sample: 16 or 24, or for WAV 32, which are floating point. Whole numbers hold a sound beyond full scale divided by its peak, and its `gain` says so")
                .value_parser(["16", "24", "32"])
                .default_value("16"),
        )
        .arg(
            option("units", "NAME", "In which units parameters are drawn: `raw` as torchsynth has it, `human` as SynthAX has it")
                .value_parser(["raw", "human"])
                .default_value("raw"),
        )
        .arg(number("part", "N", "Sounds of a part").default_value("1000"))
        .arg(option("shard", "i/n", "Makes only the i-th of n shares of the parts, counted from 1").default_value("1/1"))
        .arg(flag("resume", "Keeps the parts that are there and makes the others"))
        .arg(flag("quiet", "Shows no progress"))
        .args(session_arguments())
}

/// Runs the command; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Arc::new(Terminal::new(true).quiet(matches.get_flag("quiet")));
    let one = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let wrong = |message: String, code: u8| {
        terminal.clear();
        terminal.error(&message);
        code
    };
    let shard = match Shard::parse(&one("shard")) {
        Ok(shard) => shard,
        Err(error) => return wrong(format!("error: {error}"), exit::USAGE),
    };
    let encoding = match encoding(&one("format"), &one("bits")) {
        Ok(encoding) => encoding,
        Err(message) => return wrong(message, exit::USAGE),
    };
    let settings = settings(matches);
    if let Some(threads) = settings.threads {
        // The engine's sounds are spread over the process's own threads.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
    }
    let (synth, seed, token) = match synthesizer(&one("script"), settings, &terminal) {
        Ok(made) => made,
        Err(code) => return code,
    };
    let count = |name: &str| matches.get_one::<u64>(name).copied().unwrap_or(1);
    let storage = Storage::WORDS
        .into_iter()
        .find(|(word, _)| *word == one("storage"));
    let corpus = Corpus {
        count: count("count"),
        seed,
        units: if one("units") == "human" {
            Units::Human
        } else {
            Units::Raw
        },
        encoding,
        storage: storage.map_or(Storage::Files, |(_, storage)| storage),
        part: count("part"),
        shard,
        resume: matches.get_flag("resume"),
        out: matches
            .get_one::<PathBuf>("out")
            .cloned()
            .unwrap_or_default(),
        synth,
    };
    let started = Instant::now();
    let made = corpus.make(|done, all| {
        let elapsed_s = started.elapsed().as_secs_f64();
        let speed = done as f64 * corpus.synth.options().seconds / elapsed_s.max(1e-9);
        let figures = format!("{speed:.0} s of sound a second");
        terminal.progress(&Progress::steady("synth", [done, all], elapsed_s, figures));
        !token.is_cancelled()
    });
    terminal.clear();
    match made {
        Ok(Made {
            sounds,
            kept,
            stopped,
        }) => {
            let kept = match kept {
                0 => String::new(),
                kept => format!(", {kept} were there"),
            };
            let (seconds, out) = (started.elapsed().as_secs_f64(), corpus.out.display());
            terminal.print(&format!(
                "{sounds} sounds made{kept}, in {seconds:.1} s: {out}"
            ));
            if stopped {
                return wrong(
                    "stopped; `--resume` goes on from here".into(),
                    exit::INTERRUPTED,
                );
            }
            exit::OK
        }
        Err(error) => {
            let code = match error {
                auricle_synth::Error::Corpus { .. } => exit::USAGE,
                _ => exit::SCRIPT,
            };
            wrong(with_hint(&error, error.hint()), code)
        }
    }
}

/// The synthesizer that a script text or file builds, the seed it leaves, and the request to stop.
fn synthesizer(
    script: &str,
    settings: Settings,
    terminal: &Arc<Terminal>,
) -> Result<(Synth, u64, CancelToken), u8> {
    let (session, token, value) = last_value(script, "synthesizer", settings, terminal)?;
    let what = describe(&value);
    let synth = value.try_cast::<Synth>().ok_or_else(|| {
        terminal.error(&format!(
            "error: the last value of the script must be a synthesizer, not {what}\n  = help: \
             `synth(signal)` makes one of a graph"
        ));
        exit::SCRIPT
    })?;
    Ok((synth, session.seed(), token))
}

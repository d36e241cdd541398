//! Trying an operator out in a process of its own, before this one loads it.
//!
//! That finds what is wrong by mistake. It is no sandbox: an operator can do whatever the user's other programs can, and one
//! that behaves here may still do harm later.

use crate::Error;
use crate::compile::wait;
use crate::library::{Given, Library};
use crate::operator::{Operator, Shape};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// The first argument of a program that is started to try an operator out; the file follows.
pub const PROBE_ARGUMENT: &str = "probe-operator";

/// Processor seconds that the trials may take together. What an operator does to a second of sound takes microseconds.
const SECONDS: u64 = 2;
/// Wall-clock limit, for an operator that sleeps or waits.
const LIMIT: Duration = Duration::from_secs(30);
/// Bytes of address space that it may take.
#[cfg(unix)]
const MEMORY: u64 = 2 << 30;
/// What begins a line of the report; other lines are the operator's own.
const REPORT: &str = "auricle-probe: ";

/// Tries out the operators of a file in a process that `program` starts.
///
/// # Errors
/// [`Error::Probe`] for an operator that crashes, panics, does not end, or gives what is no sample; [`Error::File`] for a file
/// that cannot be loaded.
pub(crate) fn try_out(
    program: &Path,
    file: &Path,
    stopped: &dyn Fn() -> bool,
) -> Result<(), Error> {
    let report = tempfile::NamedTempFile::new()
        .map_err(|error| Error::Probe(format!("the operator cannot be tried out: {error}")))?;
    let output = report
        .reopen()
        .map_err(|error| Error::file(report.path(), error))?;
    let child = Command::new(program)
        .arg(PROBE_ARGUMENT)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn();
    let child = child.map_err(|error| {
        Error::Probe(format!(
            "the operator cannot be tried out: {}: {error}",
            program.display()
        ))
    })?;
    let (status, said) = wait(child, LIMIT, stopped)?;
    let report = std::fs::read(report.path()).unwrap_or_default();
    let report = String::from_utf8_lossy(&report);
    let last = report
        .lines()
        .filter_map(|line| line.strip_prefix(REPORT))
        .next_back()
        .unwrap_or("");
    if let Some(reason) = last.strip_prefix("no operator: ") {
        return Err(Error::file(file, reason));
    }
    if let Some(reason) = last.strip_prefix("wrong: ") {
        return Err(Error::Probe(reason.to_owned()));
    }
    if last == "good" && status.is_some_and(|status| status.success()) {
        return Ok(());
    }
    let doing = last
        .strip_prefix("at: ")
        .map_or_else(|| "the operator was loaded".to_owned(), str::to_owned);
    Err(Error::Probe(format!(
        "{} when {doing}",
        how_it_ended(status, &said)
    )))
}

/// What a process that was tried and did not end well came to.
fn how_it_ended(status: Option<ExitStatus>, said: &str) -> String {
    let Some(status) = status else {
        return format!(
            "it did not end within {} s: it may wait for something that does not come",
            LIMIT.as_secs()
        );
    };
    // Both ends are told by Rust's runtime in words alone: the process aborts either way.
    if said.contains("overflowed its stack") {
        return "it overflowed its stack: it may call itself without end".into();
    }
    if let Some(line) = said
        .lines()
        .find(|line| line.contains("memory allocation of"))
    {
        return format!("it took too much memory ({})", line.trim());
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            4 => "it crashed: an instruction that this processor does not have, or code that must not be reached".into(),
            6 => format!("it aborted ({})", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("without a word").trim()),
            7 | 11 => "it crashed: it read or wrote memory that is not its own".into(),
            8 => "it crashed: a division that has no result".into(),
            9 | 24 => format!("it did not end within {SECONDS} s of work: it may be a loop without end"),
            signal => format!("it crashed by signal {signal}"),
        };
    }
    format!("it ended the whole process ({status})")
}

/// Tries out the operators of a file in this process, which may not survive it; says on standard output what it does.
/// Gives the exit code.
pub fn probe(file: &Path) -> u8 {
    limit();
    let report = |text: &str| {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "\n{REPORT}{text}");
        let _ = out.flush();
    };
    let library = match Library::load(file) {
        Ok(library) => library,
        Err(Error::File { reason, .. }) => {
            report(&format!("no operator: {reason}"));
            return 1;
        }
        Err(error) => {
            report(&format!("wrong: {error}"));
            return 1;
        }
    };
    for (index, operator) in library.operators().iter().enumerate() {
        for parameters in settings(operator) {
            for trial in trials(operator.shape) {
                let with = described(operator, &parameters);
                report(&format!(
                    "at: `{}` was given {}{with}",
                    operator.name, trial.what
                ));
                if let Err(reason) = run(&library, index, &trial, &parameters) {
                    report(&format!(
                        "wrong: `{}` {reason}, given {}{with}",
                        operator.name, trial.what
                    ));
                    return 1;
                }
            }
        }
    }
    report("good");
    0
}

/// No more than so much of the machine.
fn limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let at_most = |n: u64| Rlimit {
            current: Some(n),
            maximum: Some(n + 1),
        };
        for (resource, most) in [
            (Resource::As, MEMORY),
            (Resource::Cpu, SECONDS),
            (Resource::Core, 0),
        ] {
            let _ = setrlimit(resource, at_most(most));
        }
    }
}

/// Parameters to try: the defaults, all at their least, all at their most.
fn settings(operator: &Operator) -> Vec<Vec<f64>> {
    let all = |choose: &dyn Fn(&crate::Parameter) -> f64| -> Vec<f64> {
        operator.parameters.iter().map(choose).collect()
    };
    let usual = all(&|p| match (p.default, p.range()) {
        (Some(default), _) => default,
        (None, (low, high)) if low.is_finite() && high.is_finite() => low + (high - low) / 2.0,
        (None, (low, high)) => 1.0f64.clamp(low, high),
    });
    let at = |ends: Vec<Option<f64>>| -> Vec<f64> {
        ends.iter()
            .zip(&usual)
            .map(|(end, usual)| end.unwrap_or(*usual))
            .collect()
    };
    let low = at(operator.parameters.iter().map(|p| p.low).collect());
    let high = at(operator.parameters.iter().map(|p| p.high).collect());
    let mut settings = vec![usual, low, high];
    settings.dedup();
    settings
}

fn described(operator: &Operator, parameters: &[f64]) -> String {
    let mut text = String::new();
    for (parameter, value) in operator.parameters.iter().zip(parameters) {
        let _ = write!(
            text,
            "{} {} {value}",
            if text.is_empty() { " with" } else { "," },
            parameter.name
        );
    }
    text
}

/// A sound or features to try.
struct Trial {
    what: &'static str,
    values: Vec<f32>,
    n_bands: usize,
}

fn trials(shape: Shape) -> Vec<Trial> {
    let mut state = 1u64;
    let mut noise = move |n: usize, loudness: f32, offset: f32| -> Vec<f32> {
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        (0..n).map(|_| offset + loudness * draw()).collect()
    };
    let trial = |what, values, n_bands| Trial {
        what,
        values,
        n_bands,
    };
    match shape {
        Shape::Wave => vec![
            trial("16000 samples of noise", noise(16_000, 1.0, 0.0), 0),
            trial("silence", vec![0.0; 16_000], 0),
            trial("a single sample", vec![0.5], 0),
            trial("no samples", Vec::new(), 0),
            trial(
                "a square wave at full scale",
                (0..999)
                    .map(|i| if i / 9 % 2 == 0 { 1.0 } else { -1.0 })
                    .collect(),
                0,
            ),
        ],
        Shape::Features => vec![
            trial(
                "64 bands of 100 frames of noise",
                noise(6_400, 40.0, -40.0),
                64,
            ),
            trial("64 bands of zeros", vec![0.0; 6_400], 64),
            trial("a single cell", vec![0.5], 1),
            trial("64 bands without frames", Vec::new(), 64),
        ],
    }
}

fn run(library: &Library, index: usize, trial: &Trial, parameters: &[f64]) -> Result<(), String> {
    let given = Given {
        sample_rate: 16_000,
        n_bands: trial.n_bands,
        n_frames: trial.values.len() / trial.n_bands.max(1),
        seed: 7,
        parameters,
        ..Given::default()
    };
    let mut first = trial.values.clone();
    library
        .run(index, &mut first, given)
        .map_err(|said| format!("panicked ({said})"))?;
    if let Some(at) = first.iter().position(|x| !x.is_finite()) {
        return Err(format!("gives {} at {at}", first[at]));
    }
    let mut second = trial.values.clone();
    library
        .run(index, &mut second, given)
        .map_err(|said| format!("panicked the second time ({said})"))?;
    let same = first
        .iter()
        .zip(&second)
        .all(|(a, b)| a.to_bits() == b.to_bits());
    match same {
        true => Ok(()),
        false => Err("gives something else for the same when it is called again: what it keeps between clips, or draws by itself, \
                      cannot be repeated (a parameter `seed: u64` is drawn for every clip)".into()),
    }
}

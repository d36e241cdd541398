//! What the commands share: options, what is read off them, and how the program ends.

use auricle_session::Settings;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::PathBuf;

/// The program's exit codes.
pub(crate) mod exit {
    /// All went well.
    pub(crate) const OK: u8 = 0;
    /// A script has an error, or what it was run on.
    pub(crate) const SCRIPT: u8 = 1;
    /// The command line is wrong.
    pub(crate) const USAGE: u8 = 2;
    /// Some inputs of `augment` failed; the others are done.
    pub(crate) const INPUTS: u8 = 3;
    /// The user stopped it, as shells say it.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// Options of everything that starts a session.
pub(crate) fn session_arguments() -> Vec<Arg> {
    vec![
        seed_argument(),
        Arg::new("device")
            .long("device")
            .value_name("NAME")
            .default_value("cpu")
            .help("Device of tensors, see `auricle devices`"),
        Arg::new("threads")
            .long("threads")
            .value_name("N")
            .value_parser(value_parser!(u16).range(1..))
            .help("Threads for data and tensors; all processors if not given. Results do not depend on it"),
        Arg::new("no-cache").long("no-cache").action(ArgAction::SetTrue).help("Keeps no decoded clips on disk"),
        Arg::new("fresh").long("fresh").action(ArgAction::SetTrue).help("Trains again where a finished run is found"),
    ]
}

/// The option that everything has that draws.
pub(crate) fn seed_argument() -> Arg {
    Arg::new("seed")
        .long("seed")
        .value_name("N")
        .value_parser(value_parser!(u64))
        .default_value("0")
        .help("Seed of everything that is drawn")
}

/// An option without a value.
pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

/// The file of a command that takes one.
pub(crate) fn file(matches: &ArgMatches) -> PathBuf {
    matches
        .get_one::<PathBuf>("file")
        .cloned()
        .unwrap_or_default()
}

/// What of a run's output is wanted.
pub(crate) struct Output {
    /// The final report as JSON instead of what the script prints.
    pub(crate) json: bool,
    /// Neither progress nor remarks.
    pub(crate) quiet: bool,
}

/// What a command line asks of it.
pub(crate) fn output(matches: &ArgMatches) -> Output {
    let set = |name: &str| {
        matches
            .try_get_one::<bool>(name)
            .ok()
            .flatten()
            .copied()
            .unwrap_or(false)
    };
    Output {
        json: set("json"),
        quiet: set("quiet"),
    }
}

/// What `run` takes besides, which no script hears either.
const OF_RUN: [&str; 5] = ["json", "quiet", "output", "parameter", "cwd"];

/// The settings of a session.
pub(crate) fn settings(matches: &ArgMatches) -> Settings {
    let words = matches.try_get_many::<String>("arguments").ok().flatten();
    let own = session_arguments();
    let own = own.iter().filter_map(|option| option.get_long());
    let own = own.chain(OF_RUN);
    Settings {
        arguments: words
            .map(|words| words.cloned().collect())
            .unwrap_or_default(),
        own_options: own.map(str::to_owned).collect(),
        seed: matches.get_one::<u64>("seed").copied().unwrap_or(0),
        device: matches
            .get_one::<String>("device")
            .cloned()
            .unwrap_or_else(|| "cpu".into()),
        threads: matches.get_one::<u16>("threads").map(|&n| usize::from(n)),
        cache: dirs::cache_dir()
            .map(|dir| dir.join("auricle").join("clips"))
            .filter(|_| !matches.get_flag("no-cache")),
        fresh: matches.get_flag("fresh"),
        ..Settings::default()
    }
}

//! The command line.

use crate::arguments::{exit, file, flag, output, session_arguments, settings};
use crate::augment;
use crate::build_op;
use crate::kernel;
use crate::notebook;
use crate::pack;
use crate::repl::{self, Keys};
use crate::run::{check, run_script};
#[cfg(feature = "learn")]
use crate::runs;
use crate::synth;
use crate::terminal::Terminal;
use auricle_session::script::{function_help, overview};
use auricle_session::{Settings, language, write_reference};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the program on the process's arguments.
pub(crate) fn main() -> ExitCode {
    let arguments = readable(std::env::args_os().collect());
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                exit::USAGE
            } else {
                exit::OK
            });
        }
    };
    ExitCode::from(match matches.subcommand() {
        Some(("run", matches)) if is_notebook(&file(matches)) => notebook::run(matches),
        Some(("run", matches)) => run_script(&file(matches), settings(matches), &output(matches)),
        Some(("check", matches)) if is_notebook(&file(matches)) => {
            notebook::check(matches, &output(matches))
        }
        Some(("check", matches)) => check(&file(matches), settings(matches), &output(matches)),
        Some(("augment", matches)) => augment::run(matches),
        Some(("synth", matches)) => synth::run(matches),
        #[cfg(feature = "learn")]
        Some(("runs", matches)) => runs::run(matches),
        Some(("pack", matches)) => pack::run(matches),
        Some(("build-op", matches)) => build_op::run(matches),
        Some(("repl", matches)) => repl::run(settings(matches), keys(matches)),
        Some(("kernel", matches)) => kernel::run(matches),
        Some(("help", matches)) => help(matches),
        Some(("devices", _)) => devices(),
        _ => repl::run(settings(&matches), Keys::Emacs),
    })
}

const COMMANDS: [&str; 11] = [
    "run", "check", "augment", "synth", "pack", "build-op", "runs", "repl", "kernel", "help",
    "devices",
];

fn command() -> Command {
    let file = || {
        Arg::new("file")
            .value_name("FILE")
            .required(true)
            .value_parser(value_parser!(PathBuf))
    };
    let script_arguments = Arg::new("arguments")
        .value_name("ARGS")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .help("Words for the script: `arg(0, ...)`, and options `--name value`: `option(\"name\", ...)`");
    let program = Command::new("auricle")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A small language for contrastive learning of audio.")
        .after_help("Without a command: the REPL. `auricle FILE` is `auricle run FILE`.")
        .disable_help_subcommand(true)
        .args(session_arguments())
        .subcommand(
            Command::new("run")
                .about("Runs a script or a notebook")
                .arg(file().help("The script (`.rhai`) or notebook (`.ipynb`)"))
                .args(notebook::arguments())
                .arg(script_arguments)
                .args(session_arguments())
                .arg(flag("json", "Prints the final report as JSON, and nothing else, on standard output"))
                .arg(flag("quiet", "Shows no progress and no remarks")),
        )
        .subcommand(
            Command::new("check")
                .about("Checks a script or a notebook without data: its text, and every recipe and model it builds")
                .arg(file().help("The script (`.rhai`) or notebook (`.ipynb`)"))
                .arg(notebook::folder_argument())
                .args(session_arguments())
                .arg(flag("quiet", "Says nothing if all is well")),
        )
        .subcommand(augment::command())
        .subcommand(synth::command())
        .subcommand(pack::command())
        .subcommand(build_op::command())
        .subcommand(
            Command::new("repl")
                .about("Starts an interactive session")
                .after_help(
                    "Pictures are shown as the terminal can: AURICLE_PICTURES=kitty, sixel, blocks, characters or none \
                     decides otherwise; NO_COLOR is heeded.",
                )
                .args(session_arguments())
                .arg(flag("vi", "Takes the keys of vi instead of those of emacs")),
        )
        .subcommand(kernel::command())
        .subcommand(
            Command::new("help")
                .about("Says what a function does, or lists all functions")
                .arg(Arg::new("name").value_name("NAME").help("The function"))
                .arg(
                    Arg::new("html")
                        .long("html")
                        .value_name("DIR")
                        .value_parser(value_parser!(PathBuf))
                        .help("Writes the reference pages, `index.html` first, into a folder"),
                ),
        )
        .subcommand(Command::new("devices").about("Lists the devices of this build"));
    #[cfg(feature = "learn")]
    let program = program.subcommand(runs::command());
    program
}

/// The process's arguments in order, whatever bytes they are made of: names of files need not be text.
fn readable(given: Vec<OsString>) -> Vec<OsString> {
    let texts = given
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    // What is no text is found again by what it looks like; words that look alike keep their order.
    let mut others: Vec<OsString> = given
        .into_iter()
        .filter(|word| word.to_str().is_none())
        .collect();
    let original = |text: String| match others
        .iter()
        .position(|word| word.to_string_lossy() == text)
    {
        Some(at) => others.remove(at),
        None => text.into(),
    };
    reordered(texts).into_iter().map(original).collect()
}

/// Puts the program's own options before the script's words, wherever they stand, and `run` before a file that comes
/// first. What follows `--` is the script's alone.
fn reordered(arguments: Vec<String>) -> Vec<String> {
    let mut rest = arguments.into_iter();
    let mut out: Vec<String> = rest.next().into_iter().collect();
    let rest: Vec<String> = rest.collect();
    let Some(at) = rest.iter().position(|argument| !argument.starts_with('-')) else {
        out.extend(rest);
        return out;
    };
    // Options before the command belong to it, too; one with a value hides the command behind its value.
    let at = match rest
        .iter()
        .position(|argument| COMMANDS.contains(&argument.as_str()))
    {
        Some(command) if takes_value(&rest[..command]) => command,
        _ => at,
    };
    let (before, behind) = rest.split_at(at);
    let is_command = COMMANDS.contains(&behind[0].as_str());
    let (command, words) = if is_command {
        (behind[0].as_str(), &behind[1..])
    } else {
        ("run", behind)
    };
    if command != "run" {
        return out
            .into_iter()
            .chain([command.to_owned()])
            .chain(before.to_vec())
            .chain(words.to_vec())
            .collect();
    }
    let (mut own, mut script) = (before.to_vec(), Vec::new());
    // `-o` and `-p` are the program's for a notebook, which has no arguments of its own; a script may have such.
    let for_notebook = words.iter().any(|word| is_notebook(Path::new(word)));
    let mut words = words.iter().cloned().peekable();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(&word);
        if word == "--" {
            script.extend(words.by_ref());
        } else if OWN_FLAGS.contains(&name) || word == "-h" || word == "--help" {
            own.push(word);
        } else if OWN_OPTIONS.contains(&name) || (for_notebook && notebook::OPTIONS.contains(&name))
        {
            let with_value = word.contains('=');
            own.push(word);
            own.extend(words.next_if(|_| !with_value));
        } else {
            script.push(word);
        }
    }
    out.push("run".to_owned());
    out.extend(own);
    out.extend(script);
    out
}

const OWN_FLAGS: [&str; 4] = ["--json", "--quiet", "--no-cache", "--fresh"];
const OWN_OPTIONS: [&str; 3] = ["--seed", "--device", "--threads"];

/// Whether the words before a command are options and their values.
fn takes_value(words: &[String]) -> bool {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return false;
        }
        if OWN_OPTIONS.contains(&word.as_str()) {
            words.next();
        }
    }
    true
}

fn is_notebook(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "ipynb")
}

fn keys(matches: &ArgMatches) -> Keys {
    if matches.get_flag("vi") {
        Keys::Vi
    } else {
        Keys::Emacs
    }
}

fn help(matches: &ArgMatches) -> u8 {
    let (table, terminal) = (language(), Terminal::new(false));
    if let Some(dir) = matches.get_one::<PathBuf>("html") {
        return match write_reference(dir, &Settings::default()) {
            Ok(file) => {
                terminal.print(&file.display().to_string());
                exit::OK
            }
            Err(error) => {
                terminal.error(&format!("error: {error}"));
                exit::USAGE
            }
        };
    }
    let Some(name) = matches.get_one::<String>("name") else {
        terminal.print(overview(&table).trim_end());
        return exit::OK;
    };
    match function_help(&table, name) {
        Some(text) => {
            terminal.print(&text);
            exit::OK
        }
        None => {
            let guess = table
                .nearest(name)
                .map(|guess| format!("; did you mean `{guess}`?"))
                .unwrap_or_default();
            terminal.error(&format!("error: there is no function `{name}`{guess}"));
            exit::USAGE
        }
    }
}

fn devices() -> u8 {
    let terminal = Terminal::new(false);
    for (name, what) in auricle_session::devices() {
        terminal.print(&format!("{name:12} {what}"));
    }
    exit::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> String {
        reordered(text.split(' ').map(String::from).collect()).join(" ")
    }

    #[test]
    fn no_option_of_run_is_taken_for_one_of_the_script() {
        let matches = command().get_matches_from(["auricle", "run", "a.rhai"]);
        let (_, matches) = matches.subcommand().unwrap();
        let kept = crate::arguments::settings(matches).own_options;
        let command = command();
        let run = command.find_subcommand("run").unwrap();
        for name in run.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(kept.iter().any(|own| own == name), "{name}");
        }
    }

    #[test]
    fn own_options_may_stand_anywhere() {
        assert_eq!(
            order("auricle a.rhai DIR --json --epochs 5"),
            "auricle run --json a.rhai DIR --epochs 5"
        );
        assert_eq!(
            order("auricle run a.rhai --seed 3 DIR"),
            "auricle run --seed 3 a.rhai DIR"
        );
        assert_eq!(
            order("auricle --seed 3 run a.rhai"),
            "auricle run --seed 3 a.rhai"
        );
        assert_eq!(
            order("auricle run a.rhai -- --json"),
            "auricle run a.rhai --json"
        );
        assert_eq!(
            order("auricle a.ipynb -p n=1 -o b.ipynb"),
            "auricle run -p n=1 -o b.ipynb a.ipynb"
        );
        assert_eq!(
            order("auricle a.ipynb --cwd d"),
            "auricle run --cwd d a.ipynb"
        );
        assert_eq!(order("auricle a.rhai -p 1"), "auricle run a.rhai -p 1");
        assert_eq!(order("auricle check a.rhai"), "auricle check a.rhai");
        assert_eq!(order("auricle --version"), "auricle --version");
        assert_eq!(order("auricle"), "auricle");
    }

    #[cfg(unix)]
    #[test]
    fn names_of_files_need_not_be_text() {
        use std::os::unix::ffi::OsStringExt;
        let odd = |byte: u8| OsString::from_vec(vec![b'a', byte, b'.', b'w', b'a', b'v']);
        let given = vec![
            "auricle".into(),
            "augment".into(),
            odd(0xff),
            odd(0xfe),
            "r.rhai".into(),
        ];
        assert_eq!(readable(given.clone()), given);
        let script = readable(vec!["auricle".into(), odd(0xff), "--json".into()]);
        assert_eq!(
            script,
            ["auricle".into(), "run".into(), "--json".into(), odd(0xff)]
        );
    }

    #[test]
    fn the_command_is_well_formed() {
        command().debug_assert();
    }
}

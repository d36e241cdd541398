//! `auricle kernel`: the Jupyter kernel, and how Jupyter learns of it.

use crate::arguments::{exit, session_arguments, settings};
use crate::terminal::Terminal;
use auricle_kernel::{Error, Installation, Place};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// The command and its own commands.
pub(crate) fn command() -> Command {
    let name = || {
        Arg::new("name")
            .long("name")
            .value_name("NAME")
            .default_value("auricle")
            .help("Name of the kernel")
    };
    let places = || {
        [
            Arg::new("user")
                .long("user")
                .action(ArgAction::SetTrue)
                .help("In the user's own folder; this is the default"),
            Arg::new("sys-prefix")
                .long("sys-prefix")
                .action(ArgAction::SetTrue)
                .conflicts_with("user")
                .help("In the Python environment that is active"),
            Arg::new("prefix")
                .long("prefix")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with_all(["user", "sys-prefix"])
                .help("In DIR/share/jupyter/kernels"),
        ]
    };
    Command::new("kernel")
        .about("Installs, removes, lists and runs the Jupyter kernel")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("install")
                .about("Makes the kernel known to Jupyter")
                .after_help(
                    "--env AURICLE_PLOTS=still keeps notebooks small: figures stay pictures, and no library is put in.",
                )
                .args(places())
                .arg(name())
                .arg(
                    Arg::new("display-name")
                        .long("display-name")
                        .value_name("TEXT")
                        .default_value("Auricle")
                        .help("Name that people see"),
                )
                .arg(
                    Arg::new("env")
                        .long("env")
                        .value_name("K=V")
                        .action(ArgAction::Append)
                        .value_parser(variable)
                        .help("An environment variable the kernel is started with"),
                ),
        )
        .subcommand(Command::new("uninstall").about("Removes the kernel").args(places()).arg(name()))
        .subcommand(Command::new("list").about("Lists the installed kernels"))
        .subcommand(
            Command::new("run")
                .about("Serves a connection file; Jupyter does this")
                .arg(
                    Arg::new("file")
                        .short('f')
                        .value_name("FILE")
                        .required(true)
                        .value_parser(value_parser!(PathBuf))
                        .help("The connection file"),
                )
                .args(session_arguments()),
        )
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("wanted NAME=VALUE".to_owned()),
    }
}

/// Runs one of the commands; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Terminal::new(false);
    let done = match matches.subcommand() {
        Some(("install", matches)) => install(matches).map(|dir| vec![dir.display().to_string()]),
        Some(("uninstall", matches)) => {
            auricle_kernel::uninstall(&name(matches), place(matches).as_ref()).map(|dirs| {
                dirs.iter()
                    .map(|dir| format!("removed {}", dir.display()))
                    .collect()
            })
        }
        Some(("list", _)) => Ok(auricle_kernel::list()
            .iter()
            .map(|(n, dir)| format!("{n}  {}", dir.display()))
            .collect()),
        Some(("run", matches)) => {
            // Front ends interrupt by a message; a `Ctrl-C` in the terminal they were started from is not for us.
            let _ = ctrlc::set_handler(|| {});
            let file = matches
                .get_one::<PathBuf>("file")
                .cloned()
                .unwrap_or_default();
            let history = dirs::data_dir().map(|dir| dir.join("auricle").join("cells.jsonl"));
            auricle_kernel::run(settings(matches), &file, history.as_deref()).map(|()| Vec::new())
        }
        _ => Ok(Vec::new()),
    };
    match done {
        Ok(lines) => {
            lines.iter().for_each(|line| terminal.print(line));
            exit::OK
        }
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            exit::USAGE
        }
    }
}

fn install(matches: &ArgMatches) -> Result<PathBuf, Error> {
    let program = std::env::current_exe().map_err(|source| Error::File {
        path: "auricle".into(),
        source,
    })?;
    let env = matches
        .get_many::<(String, String)>("env")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let display_name = matches
        .get_one::<String>("display-name")
        .cloned()
        .unwrap_or_default();
    let installation = Installation {
        program,
        name: name(matches),
        display_name,
        env,
    };
    auricle_kernel::install(&installation, &place(matches).unwrap_or(Place::User))
}

fn name(matches: &ArgMatches) -> String {
    matches
        .get_one::<String>("name")
        .cloned()
        .unwrap_or_default()
}

fn place(matches: &ArgMatches) -> Option<Place> {
    if let Some(dir) = matches.get_one::<PathBuf>("prefix") {
        return Some(Place::Prefix(dir.clone()));
    }
    if matches.get_flag("sys-prefix") {
        return Some(Place::SysPrefix);
    }
    matches.get_flag("user").then_some(Place::User)
}

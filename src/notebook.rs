//! `auricle run NOTEBOOK.ipynb` and `auricle check NOTEBOOK.ipynb`: a notebook without a server.

use crate::arguments::{Output, exit, file, settings};
use crate::run::{show, stop_on_interrupt};
use crate::terminal::Terminal;
use auricle_kernel::{Notebook, Watch};
use auricle_session::Parameter;
use auricle_session::script::CancelToken;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::{PathBuf, absolute};
use std::sync::OnceLock;

/// Options with a value that only notebooks have.
pub(crate) const OPTIONS: [&str; 5] = ["-o", "--output", "-p", "--parameter", "--cwd"];

/// The same for the command line of `run`.
pub(crate) fn arguments() -> [Arg; 3] {
    [
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Where a notebook's copy with outputs is written; beside it, as `NAME.out.ipynb`, if not given"),
        Arg::new("parameter")
            .short('p')
            .long("parameter")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(Parameter::read)
            .help(
                "A variable of a notebook, set behind the cell tagged `parameters`: a number, true or false, a list or a map \
                 as JSON writes them, or text",
            ),
        folder_argument(),
    ]
}

/// Where paths in a notebook begin.
pub(crate) fn folder_argument() -> Arg {
    Arg::new("cwd")
        .long("cwd")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help("The folder that a notebook's paths begin at; its own, as in Jupyter, if not given")
}

/// Runs a notebook; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let quiet = matches.get_flag("quiet");
    let terminal = Terminal::new(true).quiet(quiet);
    match execute(
        matches,
        &terminal,
        &Looker {
            terminal: &terminal,
            quiet,
            token: OnceLock::new(),
        },
    ) {
        Ok(code) => code,
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            exit::USAGE
        }
    }
}

fn execute(matches: &ArgMatches, terminal: &Terminal, looker: &Looker<'_>) -> Result<u8, String> {
    let path = file(matches);
    let mut notebook = Notebook::read(&path).map_err(|error| error.to_string())?;
    let parameters: Vec<Parameter> = matches
        .get_many("parameter")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    for name in notebook.set(&parameters) {
        if !looker.quiet {
            terminal.error(&format!(
                "note: the cell tagged `parameters` makes no `{name}`"
            ));
        }
    }
    let out = matches
        .get_one::<PathBuf>("output")
        .cloned()
        .unwrap_or_else(|| path.with_extension("out.ipynb"));
    // The folder changes before the notebook is written.
    let out_path = absolute(&out).map_err(|error| format!("`{}`: {error}", out.display()))?;
    // Nobody wants to learn after hours of training that there is no place for the result.
    if let Some(folder) = out_path.parent().filter(|folder| !folder.is_dir()) {
        return Err(format!(
            "the folder `{}` does not exist; the outputs would be written there",
            folder.display()
        ));
    }
    enter(matches, &notebook)?;
    let execution = notebook
        .run(settings(matches), looker)
        .map_err(|error| error.to_string())?;
    notebook
        .write(&out_path)
        .map_err(|error| error.to_string())?;
    let Some(diagnostic) = execution.failure else {
        return Ok(exit::OK);
    };
    show(&diagnostic, terminal);
    let is_stopped = looker.token.get().is_some_and(CancelToken::is_cancelled);
    let what = if is_stopped { "was stopped" } else { "failed" };
    terminal.error(&format!(
        "cell {} {what}; the outputs so far are in {}",
        execution.n_cells,
        out.display()
    ));
    Ok(if is_stopped {
        exit::INTERRUPTED
    } else {
        exit::SCRIPT
    })
}

/// Checks a notebook without data; gives the exit code.
pub(crate) fn check(matches: &ArgMatches, output: &Output) -> u8 {
    let terminal = Terminal::new(true).quiet(true);
    let path = file(matches);
    let checked = || {
        let notebook = Notebook::read(&path).map_err(|error| error.to_string())?;
        enter(matches, &notebook)?;
        notebook
            .check(settings(matches))
            .map_err(|error| error.to_string())
    };
    match checked() {
        Ok(found) if found.is_empty() => {
            if !output.quiet {
                terminal.print(&format!("{}: no errors found", path.display()));
            }
            exit::OK
        }
        Ok(found) => {
            found
                .iter()
                .for_each(|diagnostic| show(diagnostic, &terminal));
            exit::SCRIPT
        }
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            exit::USAGE
        }
    }
}

/// Goes to the folder that the notebook's paths begin at.
fn enter(matches: &ArgMatches, notebook: &Notebook) -> Result<(), String> {
    let folder = matches
        .get_one::<PathBuf>("cwd")
        .map_or(notebook.folder(), PathBuf::as_path);
    std::env::set_current_dir(folder).map_err(|error| {
        format!(
            "the folder `{}` cannot be entered: {error}",
            folder.display()
        )
    })
}

/// Tells how far a run is.
struct Looker<'a> {
    terminal: &'a Terminal,
    quiet: bool,
    token: OnceLock<CancelToken>,
}

impl Watch for Looker<'_> {
    fn ready(&self, token: CancelToken) {
        let _ = self.token.set(token.clone());
        stop_on_interrupt(token);
    }

    fn cell(&self, number: usize, total: usize) {
        if !self.quiet {
            self.terminal.error(&format!("cell {number} of {total}"));
        }
    }
}

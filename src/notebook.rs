//! `auricle run NOTEBOOK.ipynb`: a notebook without a server.

use crate::cli::{exit, file, settings};
use crate::kernel::variable;
use crate::run::{show, stop_on_interrupt};
use crate::terminal::Terminal;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::PathBuf;

/// Options that only notebooks have.
pub(crate) const OPTIONS: [&str; 4] = ["-o", "--output", "-p", "--parameter"];

/// The same for the command line.
pub(crate) fn arguments() -> [Arg; 2] {
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
            .value_parser(variable)
            .help("A variable of a notebook, set behind the cell tagged `parameters`"),
    ]
}

/// Runs a notebook; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Terminal::new(true).quiet(matches.get_flag("quiet"));
    let notebook = file(matches);
    let out = matches.get_one::<PathBuf>("output").cloned().unwrap_or_else(|| notebook.with_extension("out.ipynb"));
    let parameters: Vec<(String, String)> =
        matches.get_many::<(String, String)>("parameter").into_iter().flatten().cloned().collect();
    let watch = |cell: usize, total: usize| {
        if !matches.get_flag("quiet") {
            terminal.error(&format!("cell {cell} of {total}"));
        }
    };
    match auricle_kernel::execute(settings(matches), &notebook, &out, &parameters, stop_on_interrupt, &watch) {
        Ok(execution) => match execution.failure {
            None => exit::OK,
            Some(diagnostic) => {
                show(&diagnostic, &terminal);
                terminal.error(&format!(
                    "cell {} failed; the outputs so far are in {}",
                    execution.n_cells,
                    out.display()
                ));
                exit::SCRIPT
            }
        },
        Err(error) => {
            terminal.error(&format!("error: {error}"));
            exit::USAGE
        }
    }
}

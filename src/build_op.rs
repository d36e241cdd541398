//! `auricle build-op`: an operator of Rust built into a file that needs no compiler any more.

use crate::arguments::{exit, file};
use crate::run::stop_on_interrupt;
use crate::terminal::{Terminal, with_hint};
use auricle_native::{Cache, Host, built};
use auricle_session::script::CancelToken;
use auricle_session::write_whole;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// How it is called.
pub(crate) fn command() -> Command {
    Command::new("build-op")
        .about("Builds operators of Rust into a file for `rust_op`")
        .after_help(
            "`rust_op(\"OP\", #{ drive: 2..8 })` runs it in recipes, on machines like this one and without a compiler. What a \
             function must look like says `auricle help rust_op`. It is tried out on noise, silence, a single sample and the ends of \
             its parameters before it is written.",
        )
        .arg(
            Arg::new("file")
                .value_name("FILE.rs")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The functions"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .short('o')
                .value_name("OP")
                .value_parser(value_parser!(PathBuf))
                .help("The file to write; FILE.op if not given"),
        )
}

/// Runs the command; gives the exit code.
pub(crate) fn run(matches: &ArgMatches) -> u8 {
    let terminal = Terminal::new(true);
    let source = file(matches);
    let out = matches.get_one::<PathBuf>("out").cloned();
    let out = out.unwrap_or_else(|| source.with_extension("op"));
    let token = CancelToken::default();
    stop_on_interrupt(token.clone());
    let failed = |message: String| {
        terminal.error(&message);
        exit::SCRIPT
    };
    let (operators, bytes) = match built(&source, &|| token.is_cancelled()) {
        Ok(built) => built,
        Err(auricle_native::Error::Stopped) => return exit::INTERRUPTED,
        Err(error) => return failed(with_hint(&error, error.hint())),
    };
    if let Err(error) = write_whole(&out, &bytes) {
        return failed(with_hint(&error, error.hint()));
    }
    for operator in operators {
        terminal.print(&format!("{}  {}", operator.signature(), operator.about));
    }
    terminal.print(&format!("built {}", out.display()));
    exit::OK
}

/// Says where operators are tried out and kept.
pub(crate) fn prepare() {
    auricle_native::set_host(Host {
        prober: std::env::current_exe().ok(),
        cache: dirs::cache_dir().map(|folder| Cache {
            folder: folder.join("auricle").join("operators"),
            write: |path, bytes| drop(write_whole(path, bytes)),
        }),
    });
}

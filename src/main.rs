//! Auricle: a small language, and one program that runs it, for contrastive learning of audio.

mod arguments;
mod ask;
mod augment;
mod build_op;
mod cli;
mod kernel;
mod notebook;
mod pack;
mod panel;
mod picture;
mod repl;
mod run;
#[cfg(feature = "learn")]
mod runs;
mod synth;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A process of its own in which operators are tried out; nothing else of the program is wanted there.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == auricle_native::PROBE_ARGUMENT)
    {
        let file = arguments.next().unwrap_or_default();
        return ExitCode::from(auricle_native::probe(file.as_ref()));
    }
    build_op::prepare();
    // The main thread's stack is the system's choice; scripts that call deeply need one of ours.
    auricle_session::tell_faults_once();
    let worker = std::thread::Builder::new()
        .name("session".into())
        .stack_size(auricle_audio::augment::STACK_BYTES)
        .spawn(cli::main);
    let message = match worker.map(|thread| thread.join()) {
        Ok(Ok(code)) => return code,
        Ok(Err(fault)) => auricle_session::explain_fault(&*fault).render(false),
        Err(error) => format!("error: no thread can be started: {error}"),
    };
    terminal::Terminal::new(true).error(&message);
    ExitCode::FAILURE
}

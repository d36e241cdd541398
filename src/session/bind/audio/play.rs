//! Sounds to be heard: a player on a page, another program where there is no page.

use super::super::Environment;
use crate::script::{Function, ScriptError, Shown, Topic};
use auricle_audio::Waveform;
use auricle_audio::io::{SampleFormat, wav_file};
use rhai::Dynamic;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Programs that play a sound file, with the words that keep them quiet and let them end.
const PLAYERS: [(&str, &[&str]); 6] = [
    ("pw-play", &[]),
    ("paplay", &[]),
    ("afplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
    ("play", &["-q"]),
    ("aplay", &["-q"]),
];

/// Time between two looks whether a sound has ended.
const NAP: Duration = Duration::from_millis(20);

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let environment = environment.clone();
    vec![
        Function::new("play", Topic::Sound, move |call| {
            play_wave(call.receiver::<Waveform>()?, &environment)
        })
        .on::<Waveform>()
        .in_session()
        .about(
            "Plays a sound: with a player in a notebook, by a program of the system in a terminal.",
        )
        .note("an interrupt stops it; what is louder than full scale is played at full scale")
        .example("let later = |w| w.play(); type_of(later)"),
    ]
}

/// Plays a sound, or shows a player for it.
pub(in crate::bind) fn play_wave(
    wave: Waveform,
    environment: &Environment,
) -> Result<(), ScriptError> {
    if environment.sink.has_players() {
        let shown = Shown::display_for(&Dynamic::from(wave), &*environment.sink);
        environment.sink.display(&shown, None);
        return Ok(());
    }
    // Beyond full scale a file of whole numbers would be distorted.
    let wave = wave.scaled(1.0 / wave.peak().max(1.0))?;
    let bytes = wav_file(&wave, SampleFormat::Int16).map_err(ScriptError::new)?;
    let folder = environment
        .temporary_folder()
        .map_err(|error| ScriptError::new(error.to_string()))?;
    let file = folder.join("sound.wav");
    std::fs::write(&file, bytes).map_err(|error| ScriptError::new(error.to_string()))?;
    heard(&file, environment)
}

/// Plays a file by the first program that is there and can.
fn heard(file: &Path, environment: &Environment) -> Result<(), ScriptError> {
    let mut failed = Vec::new();
    for (name, words) in PLAYERS {
        let mut command = Command::new(name);
        command
            .args(words)
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match command.spawn() {
            Ok(mut child) => {
                if ended_well(&mut child, environment)? {
                    return Ok(());
                }
                failed.push(name);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => failed.push(name),
        }
    }
    let hint = "`w.save(\"sound.wav\")` writes a file for another player; a notebook has players of its own";
    let message = match failed.as_slice() {
        [] => {
            let names: Vec<&str> = PLAYERS.iter().map(|(name, _)| *name).collect();
            format!(
                "there is no program that plays sounds: none of {}",
                names.join(", ")
            )
        }
        failed => format!(
            "the sound could not be played: {} failed",
            failed.join(" and ")
        ),
    };
    Err(ScriptError::new(message).hint(hint))
}

/// Waits for a player; an interrupt stops it.
fn ended_well(child: &mut Child, environment: &Environment) -> Result<bool, ScriptError> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if environment.token.is_cancelled() => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(ScriptError::new("interrupted"));
            }
            Ok(None) => std::thread::sleep(NAP),
            Err(_) => return Ok(false),
        }
    }
}

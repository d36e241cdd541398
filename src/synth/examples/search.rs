//! Measures how near a search comes to hidden sounds of small synthesizers: `cargo run --release -p auricle-synth --example search`.
//!
//! Every target is a patch of the synthesizer that is searched, drawn with another seed than the search draws with: a distance of
//! 0 dB is there to be found, but for the noise of a target, which is its own. A first argument is the number of generations, a second one the number of targets of
//! each synthesizer, a third one the index of the first target.
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use auricle_synth::modules::{
    adsr, fm, harmonics, lfo, noise_source, one_pole, resonant_filter, sine, square_saw,
};
use auricle_synth::{Error, Options, SearchOptions, Signal, Synth, SynthOptions, Units};
use std::error::Error as StdError;
use std::io::Write;
use std::time::Instant;

/// Seed of the targets; searches have those from 0 on.
const HIDDEN: u64 = 4_711;
/// A search is a success below this, dB: a change that is hardly heard.
const NEAR_DB: f64 = 3.0;

fn graphs() -> Result<Vec<(&'static str, Signal)>, Error> {
    let options = Options::new;
    let env = adsr(options())?;
    let wobble = lfo(options())?;
    let struck = adsr(options())?.named("struck")?;
    let tone = (&sine(options())? * &env)?;
    let bright = square_saw(options())?;
    let hiss = (&noise_source(options())? * &struck)?;
    let swept = options()
        .signal("input", &square_saw(options())?)
        .signal("modulation", &struck)
        .number("q", 4.0);
    Ok(vec![
        ("sine", tone.clone()),
        (
            "vibrato",
            (&sine(options().signal("pitch", &wobble))? * &env)?,
        ),
        ("saw and noise", (&(&bright * &env)? + &hiss)?),
        ("fm", fm(options().signal("modulator", &tone))?),
        (
            "damped partials",
            one_pole(options().signal("input", &(&harmonics(options())? * &env)?))?,
        ),
        ("swept filter", (&resonant_filter(swept)? * &env)?),
    ])
}

fn main() -> Result<(), Box<dyn StdError>> {
    let mut out = std::io::stdout();
    let argument = |place: usize| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let generations = argument(1).unwrap_or(SearchOptions::default().generations);
    let targets = argument(2).unwrap_or(2);
    let first = argument(3).unwrap_or(0);
    let options = SynthOptions {
        seconds: 0.5,
        sample_rate: 8000,
        control_rate: 100,
        normalize: false,
    };
    let clock = Instant::now();
    let mut distances = Vec::new();
    writeln!(
        out,
        "{:16} target  nearest of the first  found, dB  sounds",
        "synthesizer"
    )?;
    for (name, graph) in graphs()? {
        let synth = Synth::new(&graph, options)?;
        let hidden = synth.sample(targets, HIDDEN, first as u64, Units::Raw);
        for target in 0..targets {
            let wave = synth.render_one(&hidden, target)?;
            let search = SearchOptions {
                generations,
                seed: (first + target) as u64,
                ..SearchOptions::default()
            };
            let found = synth.search(&wave, search, |_, _| true)?;
            let begin = found.history[0];
            let (distance, sounds) = (found.distance, found.n_sounds);
            writeln!(
                out,
                "{name:16} {target:6}  {begin:20.2}  {distance:9.2}  {sounds:6}"
            )?;
            distances.push(distance);
        }
    }
    let near = distances
        .iter()
        .filter(|&&distance| distance < NEAR_DB)
        .count();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    distances.sort_by(f64::total_cmp);
    let median = distances[distances.len() / 2];
    let seconds = clock.elapsed().as_secs_f64();
    writeln!(
        out,
        "{near} of {} below {NEAR_DB} dB; mean {mean:.2} dB, median {median:.2} dB; {seconds:.0} s",
        distances.len()
    )?;
    Ok(())
}

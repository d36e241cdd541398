//! Seconds of sound per second of an architecture, as one line of JSON; `benches/peers/synth.py` runs it beside the peers.
//!
//! `throughput ARCHITECTURE BATCH SECONDS [MEASURE_S]`: renders batches of new patches of that many sounds until the time is
//! over. A time of 0 renders one batch, so that the time of the process is the time to the first sound.
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use auricle_synth::architecture::{Voices, parametric_synth, torchsynth_voice, voice, voice_fm};
use auricle_synth::{Playback, Synth, SynthOptions, Units};
use std::error::Error;
use std::io::Write;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [architecture, batch, seconds, rest @ ..] = &arguments[..] else {
        return Err("throughput ARCHITECTURE BATCH SECONDS [MEASURE_S]".into());
    };
    let (batch, seconds): (usize, f64) = (batch.parse()?, seconds.parse()?);
    let measure_s: f64 = rest.first().map_or(Ok(3.0), |text| text.parse())?;
    let graph = match architecture.as_str() {
        "voice" => voice(),
        "torchsynth_voice" => torchsynth_voice(),
        "voice_fm" => voice_fm(),
        "parametric_synth" => parametric_synth(Voices::default()),
        "parametric_synth_2211" => parametric_synth(Voices {
            sine: 2,
            square_saw: 2,
            fm_sine: 1,
            fm_square_saw: 1,
        }),
        _ => return Err(format!("no architecture `{architecture}`").into()),
    }?;
    let options = SynthOptions {
        seconds,
        ..SynthOptions::default()
    };
    let synth = Synth::new(&graph, options)?;
    let mut out = vec![0.0; batch * synth.n_samples()];
    let (begin, mut n_batches) = (Instant::now(), 0);
    while n_batches == 0 || begin.elapsed().as_secs_f64() < measure_s {
        let patches = synth.sample(batch, 0, (n_batches * batch) as u64, Units::Raw);
        synth.render_into(&patches, &Playback::default(), &mut out)?;
        n_batches += 1;
    }
    let elapsed_s = begin.elapsed().as_secs_f64();
    let rate = (n_batches * batch) as f64 * seconds / elapsed_s;
    let line = serde_json::json!({
        "library": "auricle",
        "architecture": architecture,
        "batch": batch,
        "seconds": seconds,
        "seconds_of_sound_per_second": rate,
        "threads": rayon::current_num_threads(),
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

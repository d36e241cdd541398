//! Seconds of sound per second of an architecture, as one line of JSON; `benches/peers/synth.py` runs it beside the peers.
//!
//! `throughput ARCHITECTURE BATCH SECONDS [MEASURE_S]`: renders batches of new patches of that many sounds until the time is
//! over. A time of 0 renders one batch, so that the time of the process is the time to the first sound.

use auricle_session::{Session, Settings, script};
use auricle_synth::{Playback, Synth, Units};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [architecture, batch, seconds, rest @ ..] = &arguments[..] else {
        return Err("throughput ARCHITECTURE BATCH SECONDS [MEASURE_S]".into());
    };
    let (batch, seconds): (usize, f64) = (batch.parse()?, seconds.parse()?);
    let measure_s: f64 = rest.first().map_or(Ok(3.0), |text| text.parse())?;
    let (name, voices) = match architecture.as_str() {
        "parametric_synth_2211" => (
            "parametric_synth",
            ", sine: 2, square_saw: 2, fm_square_saw: 1",
        ),
        name => (name, ""),
    };
    let source = format!("{name}(#{{ seconds: {seconds:?}{voices} }})");
    let session = Session::new(Settings::default(), Arc::new(script::Silent));
    let mut session = session.map_err(|error| error.to_string())?;
    let made = session.eval("throughput", &source);
    let made = made.map_err(|error| error.render(false))?;
    let synth = made.value.try_cast::<Synth>();
    let synth = synth.ok_or_else(|| format!("`{architecture}` is no architecture"))?;
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

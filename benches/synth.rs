//! Architectures of the synthesizer, in seconds of sound: a throughput of 1 Kelem/s is a second of sound in a millisecond.
//!
//! Every round draws new patches, as training does. `RAYON_NUM_THREADS=1` gives the speed of one thread.

use auricle_session::{Session, Settings, script};
use auricle_synth::{Playback, Synth, Units};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;

/// Seconds of every sound.
const SECONDS: f64 = 4.0;

fn bench(c: &mut Criterion, name: &str, synth: &Synth, batch: usize) {
    let mut out = vec![0.0; batch * synth.n_samples()];
    let mut first = 0;
    let mut group = c.benchmark_group("synth");
    group.throughput(Throughput::Elements(batch as u64 * SECONDS as u64));
    group.bench_function(format!("{name}_b{batch}"), |b| {
        b.iter(|| {
            let patches = synth.sample(batch, 0, first, Units::Raw);
            first += batch as u64;
            synth
                .render_into(&patches, &Playback::default(), &mut out)
                .expect("the patches are the synthesizer's");
            black_box(&out);
        });
    });
    group.finish();
}

fn architectures(c: &mut Criterion) {
    let mut session =
        Session::new(Settings::default(), Arc::new(script::Silent)).expect("the language is whole");
    for name in ["voice", "voice_fm", "parametric_synth"] {
        let made = session.eval("bench", &format!("{name}(#{{ seconds: {SECONDS:?} }})"));
        let synth: Synth = made.expect("the architecture is good").value.cast();
        for batch in [1, 64] {
            bench(c, name, &synth, batch);
        }
    }
}

criterion_group!(benches, architectures);
criterion_main!(benches);

//! Architectures of the synthesizer, in seconds of sound: a throughput of 1 Kelem/s is a second of sound in a millisecond.
//!
//! Every round draws new patches, as training does. `RAYON_NUM_THREADS=1` gives the speed of one thread.

use auricle_synth::architecture::{Voices, parametric_synth, voice, voice_fm};
use auricle_synth::{Playback, Signal, Synth, SynthOptions, Units};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Seconds of every sound.
const SECONDS: f64 = 4.0;

fn bench(c: &mut Criterion, name: &str, graph: &Signal, batch: usize) {
    let options = SynthOptions {
        seconds: SECONDS,
        ..SynthOptions::default()
    };
    let synth = Synth::new(graph, options).expect("the graph is good");
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
    let graphs = [
        ("voice", voice()),
        ("voice_fm", voice_fm()),
        ("parametric_synth", parametric_synth(Voices::default())),
    ];
    for (name, graph) in graphs {
        let graph = graph.expect("the architecture is good");
        for batch in [1, 64] {
            bench(c, name, &graph, batch);
        }
    }
}

criterion_group!(benches, architectures);
criterion_main!(benches);

//! Promises about sound that need no vectors: they are measured on what the language gives.

use auricle_audio::Waveform;
use auricle_fft::DoublePlanner;
use auricle_session::script::Silent;
use auricle_session::{Session, Settings};
use std::sync::Arc;

fn wave(script: &str) -> Waveform {
    let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
    let outcome = session
        .eval("quality", script)
        .unwrap_or_else(|d| panic!("{}", d.render(false)));
    outcome.value.try_cast::<Waveform>().unwrap()
}

/// Power by frequency bin, averaged over stretches of 4096 samples under a Hann window that overlap by half.
fn power(samples: &[f32]) -> Vec<f64> {
    const N: usize = 4096;
    let fft = DoublePlanner::new().real_forward(N);
    let mut sums = vec![0.0; N / 2 + 1];
    for start in (0..=samples.len() - N).step_by(N / 2) {
        let window = |i: usize| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / N as f64).cos();
        let mut time: Vec<f64> = (0..N)
            .map(|i| f64::from(samples[start + i]) * window(i))
            .collect();
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut time, &mut spectrum).unwrap();
        sums.iter_mut()
            .zip(&spectrum)
            .for_each(|(sum, bin)| *sum += bin.norm_sqr());
    }
    sums
}

/// The slope of a spectrum in dB per octave: a straight line through the mean power of bands of a quarter of an octave
/// from 50 Hz to 0.45 of the sample rate.
fn slope(samples: &[f32], sample_rate: f64) -> f64 {
    let (power, bin_hz) = (power(samples), sample_rate / 4096.0);
    let mut points = Vec::new();
    let mut low = 50.0f64;
    while low * 2f64.powf(0.25) < 0.45 * sample_rate {
        let high = low * 2f64.powf(0.25);
        let bins = (low / bin_hz).ceil() as usize..=(high / bin_hz).floor() as usize;
        if bins.clone().count() > 0 {
            let n = bins.clone().count() as f64;
            let mean_octave = bins
                .clone()
                .map(|bin| (bin as f64 * bin_hz).log2())
                .sum::<f64>()
                / n;
            let level =
                10.0 * (bins.map(|bin| power[bin].ln()).sum::<f64>() / n) / std::f64::consts::LN_10;
            points.push((mean_octave, level, n));
        }
        low = high;
    }
    let weight: f64 = points.iter().map(|p| p.2).sum();
    let mean =
        |of: fn(&(f64, f64, f64)) -> f64| points.iter().map(|p| of(p) * p.2).sum::<f64>() / weight;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xy, mut xx) = (0.0, 0.0);
    for (octave, level, n) in &points {
        xy += n * (octave - x) * (level - y);
        xx += n * (octave - x).powi(2);
    }
    xy / xx
}

#[test]
fn noise_falls_or_rises_as_its_color_says() {
    for (color, want) in [
        ("white", 0.0),
        ("pink", -3.0103),
        ("brown", -6.0206),
        ("blue", 3.0103),
        ("violet", 6.0206),
    ] {
        for sample_rate in [16_000, 44_100] {
            // The tone is far below the noise, so that the sum is the noise.
            let script = format!(
                "noise(-80, #{{ color: \"{color}\" }}).apply(0.001 * tone(440, 30, #{{ sample_rate: {sample_rate} }}))"
            );
            let got = slope(wave(&script).samples(), f64::from(sample_rate));
            assert!(
                (got - want).abs() < 0.25,
                "{color} at {sample_rate} Hz: {got} dB per octave, not {want}"
            );
        }
    }
}

#[test]
fn a_slope_is_measured_right() {
    // The difference of white noise rises by 6 dB per octave up to where sin(x) is x.
    let white = wave("white_noise(30, #{ sample_rate: 16000, seed: 4 })");
    let rising: Vec<f32> = white
        .samples()
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    let got = slope(&rising, 64_000.0 / 4.0);
    assert!((got - 6.02).abs() < 1.3 && got < 6.02, "{got}");
    assert!(slope(white.samples(), 16_000.0).abs() < 0.1);
}

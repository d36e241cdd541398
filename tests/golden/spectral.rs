//! Measures of pitch, level and spectrum, as the reference's README defines them.

use auricle_fft::DoublePlanner;
use auricle_fft::num_complex::Complex64;
use std::f64::consts::{PI, TAU};

/// A periodic Hann window.
fn hann(n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos())
        .collect()
}

fn spectrum(mut time: Vec<f64>) -> Vec<Complex64> {
    let fft = DoublePlanner::new().real_forward(time.len());
    let mut out = fft.make_output_vec();
    fft.process(&mut time, &mut out).unwrap();
    out
}

fn windowed(x: &[f64]) -> Vec<f64> {
    x.iter().zip(hann(x.len())).map(|(x, w)| x * w).collect()
}

/// Cents from an expected frequency to the strongest peak within a semitone of it, and that peak's level under the
/// strongest of the whole spectrum, dB.
pub(super) fn pitch(x: &[f64], expected_hz: f64, sample_rate: f64) -> (f64, f64) {
    let n = (8 * x.len()).next_power_of_two();
    let mut time = windowed(x);
    time.resize(n, 0.0);
    let db: Vec<f64> = spectrum(time)
        .iter()
        .map(|bin| 10.0 * bin.norm_sqr().max(1e-300).log10())
        .collect();
    let hz = |bin: f64| bin * sample_rate / n as f64;
    let near = |bin: &usize| (12.0 * (hz(*bin as f64) / expected_hz).log2()).abs() <= 1.0;
    let peak = (1..db.len() - 1)
        .filter(near)
        .max_by(|&a, &b| db[a].total_cmp(&db[b]))
        .unwrap();
    let (left, middle, right) = (db[peak - 1], db[peak], db[peak + 1]);
    let shift = 0.5 * (left - right) / (left - 2.0 * middle + right);
    let cents = 1200.0 * (hz(peak as f64 + shift) / expected_hz).log2();
    (
        cents,
        middle - db.iter().fold(f64::NEG_INFINITY, |m, &v| m.max(v)),
    )
}

/// RMS level, dB.
pub(super) fn level_db(x: &[f64]) -> f64 {
    10.0 * (x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64).log10()
}

/// The centre of the power spectrum, in bins.
pub(super) fn centroid(x: &[f64]) -> f64 {
    let power: Vec<f64> = spectrum(windowed(x))
        .iter()
        .map(|bin| bin.norm_sqr())
        .collect();
    let moment: f64 = power.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
    moment / power.iter().sum::<f64>() / x.len() as f64
}

/// Root mean square difference of two log-mel spectrograms, dB.
pub(super) fn log_mel_rmse_db(a: &[f64], b: &[f64], sample_rate: f64) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (
        mel_power(&a[..n], sample_rate),
        mel_power(&b[..n], sample_rate),
    );
    let floor = b.iter().fold(0.0f64, |m, &v| m.max(v)) * 1e-6;
    let db = |power: &f64| 10.0 * power.max(floor).log10();
    (a.iter()
        .zip(&b)
        .map(|(a, b)| (db(a) - db(b)).powi(2))
        .sum::<f64>()
        / a.len() as f64)
        .sqrt()
}

fn mel_power(x: &[f64], sample_rate: f64) -> Vec<f64> {
    const N_FFT: usize = 1024;
    const N_MELS: usize = 40;
    let top = 2595.0 * (1.0 + sample_rate / 2.0 / 700.0).log10();
    let hz = |m: usize| 700.0 * (10f64.powf(top * m as f64 / (N_MELS + 1) as f64 / 2595.0) - 1.0);
    let mut out = Vec::new();
    for frame in magnitudes(x, N_FFT, 256) {
        out.extend((0..N_MELS).map(|m| {
            let (low, middle, high) = (hz(m), hz(m + 1), hz(m + 2));
            let weight = |f: f64| {
                ((f - low) / (middle - low))
                    .min((high - f) / (high - middle))
                    .max(0.0)
            };
            let bins = frame.iter().enumerate();
            bins.map(|(k, x)| weight(k as f64 * sample_rate / N_FFT as f64) * x * x)
                .sum::<f64>()
        }));
    }
    out
}

/// Magnitudes of the frames of a transform that is centred with zeros, frame after frame.
fn magnitudes(x: &[f64], n_fft: usize, hop_length: usize) -> Vec<Vec<f64>> {
    let window = hann(n_fft);
    let mut padded = vec![0.0; n_fft / 2];
    padded.extend(x);
    padded.resize(padded.len() + n_fft / 2, 0.0);
    let starts = (0..=x.len() / hop_length).map(|frame| frame * hop_length);
    starts
        .map(|start| {
            let part = padded[start..start + n_fft]
                .iter()
                .zip(&window)
                .map(|(x, w)| x * w)
                .collect();
            spectrum(part).iter().map(|bin| bin.norm()).collect()
        })
        .collect()
}

/// Correlation of the RMS envelopes in blocks of 10 ms.
pub(super) fn envelope_correlation(a: &[f64], b: &[f64], sample_rate: f64) -> f64 {
    let block = (sample_rate / 100.0).round() as usize;
    let envelope = |x: &[f64]| -> Vec<f64> {
        x.chunks_exact(block)
            .map(|part| (part.iter().map(|v| v * v).sum::<f64>() / block as f64).sqrt())
            .collect()
    };
    let n = a.len().min(b.len());
    let (a, b) = (envelope(&a[..n]), envelope(&b[..n]));
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(&a), mean(&b));
    let sum = |term: &dyn Fn(f64, f64) -> f64| {
        a.iter()
            .zip(&b)
            .map(|(&a, &b)| term(a - ma, b - mb))
            .sum::<f64>()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// `|| |STFT(a)| - S || / || S ||` with `S` of a shape `[bins, frames]`.
pub(super) fn convergence(a: &[f64], shape: &[usize], want: &[f64], hop_length: usize) -> f64 {
    let (n_bins, n_frames) = (shape[0], shape[1]);
    let (mut error, mut energy) = (0.0, 0.0);
    for (t, frame) in magnitudes(a, 2 * (n_bins - 1), hop_length)
        .iter()
        .enumerate()
        .take(n_frames)
    {
        for (k, x) in frame.iter().enumerate() {
            let s = want[k * n_frames + t];
            error += (x - s) * (x - s);
            energy += s * s;
        }
    }
    f64::sqrt(error / energy)
}

/// The largest difference of two phases where the magnitude is at least a share of its maximum, wrapped to (-pi, pi].
pub(super) fn phase_difference(a: &[f64], b: &[f64], magnitude: &[f64], floor: f64) -> f64 {
    let least = floor * magnitude.iter().fold(0.0f64, |m, &v| m.max(v));
    let wrapped = |d: f64| d - TAU * ((d - PI) / TAU).ceil();
    let kept = a.iter().zip(b).zip(magnitude).filter(|(_, m)| **m >= least);
    kept.map(|((a, b), _)| wrapped(a - b).abs())
        .fold(0.0, f64::max)
}

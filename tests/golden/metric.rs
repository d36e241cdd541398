//! The checks of the reference manifest, as its README defines them.

use super::vectors::dsp;
use super::{npy, spectral};
use auricle_fft::DoublePlanner;
use serde_json::Value as Json;
use std::f64::consts::PI;
use std::path::PathBuf;

/// A result and what it is compared with.
pub(super) struct Compared<'a> {
    pub(super) shape: Vec<usize>,
    pub(super) a: &'a [f64],
    pub(super) b: &'a [f64],
    pub(super) sample_rate: f64,
    /// The clean signal, for `mix_snr_db`.
    pub(super) clean: &'a [f64],
}

fn number(check: &Json, name: &str) -> f64 {
    check[name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name} in {check}"))
}

/// A file of the reference that a check names.
fn reference(check: &Json, name: &str) -> PathBuf {
    dsp().join(check[name].as_str().unwrap())
}

/// Panics, saying what was found, unless a check of the manifest holds.
pub(super) fn check(id: &str, check: &Json, c: &Compared<'_>) {
    let metric = check["metric"].as_str().unwrap();
    let (a, b) = (c.a, c.b);
    let differences = || a.iter().zip(b).map(|(x, y)| (x - y).abs());
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let energy = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let at_most = |got: f64| {
        let tolerance = number(check, "tol");
        assert!(got <= tolerance, "{id} {metric}: {got} > {tolerance}");
    };
    let at_least = |got: f64| {
        let least = number(check, "min");
        assert!(got >= least, "{id} {metric}: {got} < {least}");
    };
    let of_any_length = [
        "shape",
        "length",
        "mix_snr_db",
        "psd_slope",
        "band_snr_db",
        "f0_cents",
        "level_db",
        "centroid_rel",
        "logmel_rmse_db",
        "envelope_corr",
        "spectral_convergence",
    ];
    if !of_any_length.contains(&metric) {
        assert_eq!(a.len(), b.len(), "{id} {metric}: lengths");
    }
    match metric {
        "shape" => {
            let want: Vec<usize> = check["equals"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_u64().unwrap() as usize)
                .collect();
            assert_eq!(c.shape, want, "{id} shape");
        }
        "length" => {
            let (got, want) = (*c.shape.last().unwrap() as f64, number(check, "equals"));
            assert!(
                (got - want).abs() <= check["tol"].as_f64().unwrap_or(0.0),
                "{id} length: {got}, wanted {want}"
            );
        }
        "max_abs" => at_most(differences().fold(0.0, f64::max)),
        "rel_peak" => at_most(differences().fold(0.0, f64::max) / largest(b)),
        "rel_l2" => at_most((energy(&mut differences()) / energy(&mut b.iter().copied())).sqrt()),
        "snr_db" => {
            at_least(10.0 * (energy(&mut b.iter().copied()) / energy(&mut differences())).log10())
        }
        "db_abs" => {
            let floor =
                b.iter().fold(f64::NEG_INFINITY, |m, &v| m.max(v)) - number(check, "within_db");
            at_most(
                differences()
                    .zip(b)
                    .filter(|(_, y)| **y >= floor)
                    .map(|(d, _)| d)
                    .fold(0.0, f64::max),
            );
        }
        "frac_exact" => {
            at_least(a.iter().zip(b).filter(|(x, y)| x == y).count() as f64 / b.len() as f64)
        }
        "mix_snr_db" => {
            let noise = energy(&mut a.iter().zip(c.clean).map(|(y, x)| y - x));
            let got = 10.0 * (energy(&mut c.clean.iter().copied()) / noise).log10();
            assert!(
                (got - number(check, "expected_db")).abs() <= number(check, "tol"),
                "{id} {metric}: {got}"
            );
        }
        "band_snr_db" => {
            let n = a.len().min(b.len());
            let trim = number(check, "trim") as usize;
            let band = [number(check, "lo_hz"), number(check, "hi_hz")];
            let kept = |x: &[f64]| in_band(&x[..n], trim, band, c.sample_rate);
            let (a, b) = (kept(a), kept(b));
            let error = energy(&mut a.iter().zip(&b).map(|(x, y)| x - y));
            at_least(10.0 * (energy(&mut b.iter().copied()) / error).log10());
        }
        "psd_slope" => {
            let band = [number(check, "lo_hz"), number(check, "hi_hz")];
            let got = slope(a, number(check, "nperseg") as usize, band, c.sample_rate);
            let want = number(check, "expected_db_per_oct");
            assert!(
                (got - want).abs() <= number(check, "tol"),
                "{id} {metric}: {got} dB/octave, wanted {want}"
            );
        }
        "phase_abs" => {
            let (_, magnitude) = npy::read(&reference(check, "mag"));
            at_most(spectral::phase_difference(
                a,
                b,
                &magnitude,
                number(check, "mag_floor_rel"),
            ));
        }
        "f0_cents" => {
            let (cents, under) = spectral::pitch(a, number(check, "expected_hz"), c.sample_rate);
            let least = number(check, "level_db");
            assert!(
                under >= least,
                "{id} {metric}: {under} dB under the strongest, at most {least} accepted"
            );
            at_most(cents.abs());
        }
        "level_db" => {
            let input = auricle_audio::io::read(&reference(check, "input")).unwrap();
            let input: Vec<f64> = input.samples().iter().map(|&x| x.into()).collect();
            at_most((spectral::level_db(a) - spectral::level_db(&input)).abs());
        }
        "centroid_rel" => at_most((spectral::centroid(a) / spectral::centroid(b) - 1.0).abs()),
        "logmel_rmse_db" => at_most(spectral::log_mel_rmse_db(a, b, c.sample_rate)),
        "envelope_corr" => at_least(spectral::envelope_correlation(a, b, c.sample_rate)),
        "spectral_convergence" => {
            let (shape, target) = npy::read(&reference(check, "target"));
            // The check does not name the hop; as many frames as the target has leave one choice.
            let hop_length = a.len() / (shape[1] - 1);
            at_most(spectral::convergence(a, &shape, &target, hop_length));
        }
        other => panic!("{id}: the check {other} is not known here"),
    }
}

/// The Fourier bins between two frequencies of a signal that is faded at its ends, real and imaginary parts.
fn in_band(x: &[f64], trim: usize, [low, high]: [f64; 2], sample_rate: f64) -> Vec<f64> {
    let n = x.len();
    let mut time = x.to_vec();
    for i in 0..trim.min(n / 2) {
        let gain = 0.5 - 0.5 * (PI * i as f64 / trim as f64).cos();
        time[i] *= gain;
        time[n - 1 - i] *= gain;
    }
    let fft = DoublePlanner::new().real_forward(n);
    let mut spectrum = fft.make_output_vec();
    fft.process(&mut time, &mut spectrum).unwrap();
    let hz = |bin: usize| bin as f64 * sample_rate / n as f64;
    let kept = spectrum
        .iter()
        .enumerate()
        .filter(|(bin, _)| (low..=high).contains(&hz(*bin)));
    kept.flat_map(|(_, value)| [value.re, value.im]).collect()
}

/// Slope of the Welch spectrum in dB per octave: least squares over the logarithm of frequency with weights 1/f.
fn slope(x: &[f64], n: usize, [low, high]: [f64; 2], sample_rate: f64) -> f64 {
    let window: Vec<f64> = (0..n)
        .map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos())
        .collect();
    let fft = DoublePlanner::new().real_forward(n);
    let mut power = vec![0.0; n / 2 + 1];
    for start in (0..=x.len() - n).step_by(n / 2) {
        let part = &x[start..start + n];
        let mean = part.iter().sum::<f64>() / n as f64;
        let mut time: Vec<f64> = part
            .iter()
            .zip(&window)
            .map(|(x, w)| (x - mean) * w)
            .collect();
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut time, &mut spectrum).unwrap();
        power
            .iter_mut()
            .zip(&spectrum)
            .for_each(|(p, s)| *p += s.norm_sqr());
    }
    let points: Vec<(f64, f64, f64)> = (1..power.len())
        .map(|bin| (bin as f64 * sample_rate / n as f64, power[bin]))
        .filter(|(hz, _)| (low..=high).contains(hz))
        .map(|(hz, p)| (hz.log2(), 10.0 * p.log10(), 1.0 / hz))
        .collect();
    let sum = |term: &dyn Fn(&(f64, f64, f64)) -> f64| points.iter().map(term).sum::<f64>();
    let weight = sum(&|p| p.2);
    let (mx, my) = (sum(&|p| p.2 * p.0) / weight, sum(&|p| p.2 * p.1) / weight);
    sum(&|p| p.2 * (p.0 - mx) * (p.1 - my)) / sum(&|p| p.2 * (p.0 - mx).powi(2))
}

//! A sound from the magnitudes of its transform alone.

use super::{FftScratch, Istft, IstftScratch, Stft, StftOptions, n_frames};
use crate::{Error, Rng};
use auricle_fft::num_complex::Complex64;
use std::f64::consts::TAU;

/// Options of [`griffin_lim`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GriffinLimOptions {
    /// The transform that gave the magnitudes.
    pub stft: StftOptions,
    /// How often the phases are corrected.
    pub n_iter: usize,
    /// Share of the last step that is repeated: 0 for the original method, 0.99 for the fast one.
    pub momentum: f64,
    /// Samples of the sound; as many as the frames cover without their edges if `None`.
    pub length: Option<usize>,
}

/// Finds a sound whose transform has nearly given magnitudes `S`, `[n_fft / 2 + 1, frames]` in row-major order.
///
/// From random phases, `n_iter` times: `c = STFT(ISTFT(S p))`, then `p` = phase of `c - momentum / (1 + momentum) c'` with `c'`
/// the `c` of the round before. Griffin and Lim, 1984; with momentum Perraudin, Balazs and Sondergaard, "A fast
/// Griffin-Lim algorithm", 2013, in the form that librosa gives it.
///
/// # Errors
/// As [`Stft::new`]; [`Error::Mismatch`] if the magnitudes are not those of `n_fft`, [`Error::Range`] if `length` has another
/// number of frames, [`Error::Unusable`] if the sound is too short to be mirrored.
pub fn griffin_lim(
    magnitudes: &[f32],
    options: &GriffinLimOptions,
    rng: &mut Rng,
) -> Result<Vec<f32>, Error> {
    let (stft, istft) = (Stft::new(options.stft)?, Istft::new(options.stft)?);
    let n_bins = stft.n_bins();
    if !magnitudes.len().is_multiple_of(n_bins) {
        return Err(Error::Mismatch {
            what: "the numbers of bins",
            left: format!("{} values", magnitudes.len()),
            right: format!("{n_bins} bins a frame"),
        });
    }
    let frames = magnitudes.len() / n_bins;
    let length = options.length.unwrap_or_else(|| istft.n_samples(frames));
    if frames > 0 && n_frames(&options.stft, length) != frames {
        let want = format!(
            "a length of {frames} frames, such as {}",
            istft.n_samples(frames)
        );
        return Err(Error::range("length", want, length));
    }
    let magnitude = |frame: usize, bin: usize| f64::from(magnitudes[bin * frames + frame]);
    let mut phases: Vec<Complex64> = (0..magnitudes.len())
        .map(|_| {
            let (sin, cos) = libm::sincos(TAU * rng.uniform());
            Complex64::new(cos, sin)
        })
        .collect();
    let mut last = vec![Complex64::default(); magnitudes.len()];
    let repeated = options.momentum / (1.0 + options.momentum);
    let (mut work, mut fft) = (IstftScratch::default(), FftScratch::default());
    let mut out = vec![0.0; length];
    let mut invert = |phases: &[Complex64], out: &mut [f32]| {
        istft.begin(length, &mut work);
        for (frame, phases) in phases.chunks_exact(n_bins).enumerate() {
            istft.add(
                frame,
                phases
                    .iter()
                    .enumerate()
                    .map(|(bin, phase)| phase * magnitude(frame, bin)),
                &mut work,
            );
        }
        istft.finish(&work, |i, y| out[i] = y);
    };
    for _ in 0..if length == 0 { 0 } else { options.n_iter } {
        invert(&phases, &mut out);
        stft.each_frame(&out, &mut fft, |frame, spectrum| {
            let place = frame * n_bins..(frame + 1) * n_bins;
            for ((phase, last), bin) in phases[place.clone()]
                .iter_mut()
                .zip(&mut last[place])
                .zip(spectrum)
            {
                let now = Complex64::new(bin.re.into(), bin.im.into());
                let turned = now - *last * repeated;
                *last = now;
                // Where nothing came back any phase is right, and the old one does no harm.
                let size = turned.norm_sqr().sqrt();
                if size > 0.0 {
                    *phase = turned / size;
                }
            }
        })?;
    }
    invert(&phases, &mut out);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::{PadMode, Window};
    use super::*;

    #[test]
    fn magnitudes_are_met() {
        let stft_options = StftOptions {
            n_fft: 256,
            win_length: 256,
            hop_length: 64,
            window: Window::Hann,
            center: true,
            pad_mode: PadMode::Zeros,
        };
        let stft = Stft::new(stft_options).unwrap();
        let (n_frames, n_bins) = (63, 129);
        let transform = |samples: &[f32]| {
            let mut magnitudes = vec![0.0; n_frames * n_bins];
            stft.each_frame(samples, &mut FftScratch::default(), |frame, spectrum| {
                spectrum
                    .iter()
                    .enumerate()
                    .for_each(|(bin, x)| magnitudes[bin * n_frames + frame] = x.norm());
            })
            .unwrap();
            magnitudes
        };
        let samples: Vec<f32> = (0..4000)
            .map(|i| (0.1 * i as f32).sin() + 0.5 * (0.00005 * (i * i) as f32).sin())
            .collect();
        let want = transform(&samples);
        let error = |n_iter, momentum| {
            let options = GriffinLimOptions {
                stft: stft_options,
                n_iter,
                momentum,
                length: Some(4000),
            };
            let got = transform(&griffin_lim(&want, &options, &mut Rng::from_words(&[1])).unwrap());
            let square = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|v| f64::from(v).powi(2)).sum::<f64>()
            };
            (square(&mut got.iter().zip(&want).map(|(a, b)| a - b))
                / square(&mut want.iter().copied()))
            .sqrt()
        };
        let (start, slow, fast) = (error(0, 0.0), error(32, 0.0), error(32, 0.99));
        assert!(
            fast < 0.1 && fast < slow && slow < 0.5 * start,
            "{start} {slow} {fast}"
        );
        let other = GriffinLimOptions {
            stft: stft_options,
            n_iter: 1,
            momentum: 0.0,
            length: Some(100),
        };
        assert!(griffin_lim(&want, &other, &mut Rng::from_words(&[1])).is_err());
        let nothing = GriffinLimOptions {
            length: None,
            ..other
        };
        assert!(
            griffin_lim(&[], &nothing, &mut Rng::from_words(&[1]))
                .unwrap()
                .is_empty()
        );
    }
}

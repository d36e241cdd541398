//! Mel scales and triangular filter banks.

/// A mapping from Hz to mel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MelScale {
    /// `2595 log10(1 + f / 700)` (O'Shaughnessy 1987, as in HTK).
    Htk,
    /// Linear to 1 kHz, then 27 logarithmic steps to 6.4 kHz (Slaney's Auditory Toolbox, 1998).
    Slaney,
}

impl MelScale {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, MelScale); 2] =
        [("htk", MelScale::Htk), ("slaney", MelScale::Slaney)];

    /// From Hz to mel.
    pub fn mel(self, hz: f64) -> f64 {
        match self {
            MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            MelScale::Slaney if hz < 1000.0 => hz * 3.0 / 200.0,
            MelScale::Slaney => 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4f64.ln(),
        }
    }

    /// From mel to Hz.
    pub fn hz(self, mel: f64) -> f64 {
        match self {
            MelScale::Htk => 700.0 * (10f64.powf(mel / 2595.0) - 1.0),
            MelScale::Slaney if mel < 15.0 => mel * 200.0 / 3.0,
            MelScale::Slaney => 1000.0 * (6.4f64.ln() * (mel - 15.0) / 27.0).exp(),
        }
    }
}

/// How the triangles of a filter bank are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MelNorm {
    /// Peak 1.
    None,
    /// Each triangle divided by half its width in Hz, so that all have the same area.
    Slaney,
    /// Each triangle divided by the sum of its weights, so that a flat spectrum stays flat.
    Sum,
}

impl MelNorm {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, MelNorm); 3] = [
        ("none", MelNorm::None),
        ("slaney", MelNorm::Slaney),
        ("sum", MelNorm::Sum),
    ];
}

/// The axis on which the sides of the triangles are straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangles {
    /// Frequency, as in librosa and torchaudio.
    Hertz,
    /// Mel, as in HTK, Kaldi and VGGish.
    Mel,
}

impl Triangles {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, Triangles); 2] =
        [("hz", Triangles::Hertz), ("mel", Triangles::Mel)];
}

/// The corners of `n_mels` triangles, Hz, equally spaced in mel: where the first begins, where each has its peak, where the
/// last ends.
pub(crate) fn mel_corners(
    scale: MelScale,
    n_mels: usize,
    [f_min_hz, f_max_hz]: [f64; 2],
) -> Vec<f64> {
    let (low, high) = (scale.mel(f_min_hz), scale.mel(f_max_hz));
    (0..n_mels + 2)
        .map(|i| scale.hz(low + (high - low) * i as f64 / (n_mels + 1) as f64))
        .collect()
}

/// Weights `[n_mels][n_fft / 2 + 1]` of triangles whose corners are equally spaced in mel.
pub fn filter_bank(
    scale: MelScale,
    norm: MelNorm,
    triangles: Triangles,
    sample_rate: u32,
    n_fft: usize,
    n_mels: usize,
    edges_hz: [f64; 2],
) -> Vec<Vec<f64>> {
    mel_corners(scale, n_mels, edges_hz)
        .windows(3)
        .map(|corner| {
            let (left, peak, right) = (corner[0], corner[1], corner[2]);
            let along = |hz: f64| match triangles {
                Triangles::Hertz => hz,
                Triangles::Mel => scale.mel(hz),
            };
            let [from, top, to] = [along(left), along(peak), along(right)];
            let bin_hz = f64::from(sample_rate) / n_fft as f64;
            let mut weights = vec![0.0; n_fft / 2 + 1];
            // Outside its corners a triangle has no weight, so nothing is computed there.
            let first = (left / bin_hz) as usize;
            let inside = weights.iter_mut().enumerate().skip(first);
            for (bin, weight) in inside.take_while(|(bin, _)| *bin as f64 * bin_hz <= right) {
                let x = along(bin as f64 * f64::from(sample_rate) / n_fft as f64);
                *weight = ((x - from) / (top - from))
                    .min((to - x) / (to - top))
                    .max(0.0);
            }
            let sum: f64 = weights.iter().sum();
            let height = match norm {
                MelNorm::Slaney => 2.0 / (right - left),
                // A triangle between two bins has no weight to share out.
                MelNorm::Sum if sum > 0.0 => 1.0 / sum,
                MelNorm::None | MelNorm::Sum => 1.0,
            };
            weights.iter_mut().for_each(|weight| *weight *= height);
            weights
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_their_own_inverse_and_meet_their_anchors() {
        for (_, scale) in MelScale::WORDS {
            for hz in [0.0, 50.0, 440.0, 999.9, 1000.0, 3000.0, 8000.0] {
                assert!((scale.hz(scale.mel(hz)) - hz).abs() < 1e-9 * hz.max(1.0));
            }
        }
        assert!((MelScale::Slaney.mel(1000.0) - 15.0).abs() < 1e-12);
        assert!((MelScale::Slaney.mel(6400.0) - 42.0).abs() < 1e-12);
        assert!((MelScale::Htk.mel(1000.0) - 999.985_537).abs() < 1e-5);
    }

    #[test]
    fn norms_and_axes_do_what_they_say() {
        let bank = |norm, triangles| {
            filter_bank(
                MelScale::Htk,
                norm,
                triangles,
                16_000,
                512,
                40,
                [125.0, 7500.0],
            )
        };
        for weights in bank(MelNorm::Sum, Triangles::Hertz) {
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // On the axis on which they are straight, neighbouring triangles of height 1 add up to 1.
        for (_, triangles) in Triangles::WORDS {
            let bank = bank(MelNorm::None, triangles);
            for bin in 10..200 {
                assert!((bank.iter().map(|weights| weights[bin]).sum::<f64>() - 1.0).abs() < 1e-9);
            }
        }
        assert_ne!(
            bank(MelNorm::None, Triangles::Hertz),
            bank(MelNorm::None, Triangles::Mel)
        );
    }
}

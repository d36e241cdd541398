//! Analysis windows.

use std::f64::consts::TAU;

/// The shape of an analysis window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Raised cosine, zero at the ends.
    Hann,
    /// Raised cosine on a pedestal of 0.08.
    Hamming,
    /// Three-term Blackman.
    Blackman,
    /// All ones.
    Rectangular,
    /// Hann to the power 0.85, which Kaldi prefers.
    Povey,
}

impl Window {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, Window); 5] = [
        ("hann", Window::Hann),
        ("hamming", Window::Hamming),
        ("blackman", Window::Blackman),
        ("rectangular", Window::Rectangular),
        ("povey", Window::Povey),
    ];

    /// The periodic window: sample `n` of `N` is at phase `n / N`, so that shifted copies add up.
    pub fn samples(self, length: usize) -> Vec<f64> {
        self.over(length, length as f64)
    }

    /// The symmetric window: sample `n` of `N` is at phase `n / (N - 1)`, so that the last mirrors the first.
    pub fn symmetric_samples(self, length: usize) -> Vec<f64> {
        // One sample is the middle, not an end where most windows are zero.
        if length == 1 {
            vec![1.0]
        } else {
            self.over(length, length as f64 - 1.0)
        }
    }

    fn over(self, length: usize, period: f64) -> Vec<f64> {
        (0..length)
            .map(|n| {
                let phase = TAU * n as f64 / period;
                match self {
                    Window::Hann => 0.5 - 0.5 * libm::cos(phase),
                    Window::Hamming => 0.54 - 0.46 * libm::cos(phase),
                    Window::Blackman => {
                        0.42 - 0.5 * libm::cos(phase) + 0.08 * libm::cos(2.0 * phase)
                    }
                    Window::Rectangular => 1.0,
                    Window::Povey => libm::pow((0.5 - 0.5 * libm::cos(phase)).max(0.0), 0.85),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_windows_mirror_themselves_and_periodic_ones_continue() {
        for (_, window) in Window::WORDS {
            let (symmetric, periodic) = (window.symmetric_samples(9), window.samples(8));
            for n in 0..8 {
                assert!((symmetric[n] - symmetric[8 - n]).abs() < 1e-12);
                assert!((symmetric[n] - periodic[n]).abs() < 1e-12);
            }
        }
        assert_eq!(Window::Povey.symmetric_samples(1), [1.0]);
    }
}

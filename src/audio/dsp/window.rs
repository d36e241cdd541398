//! Analysis windows.

use std::f64::consts::TAU;

/// The shape of an analysis window. All are periodic: sample `n` of `N` is at phase `n / N`.
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
}

impl Window {
    /// The names by which a script asks for a window, in the order of [`Window::ALL`].
    pub const NAMES: [&'static str; 4] = ["hann", "hamming", "blackman", "rectangular"];
    /// Every window.
    pub const ALL: [Window; 4] = [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular];

    /// The window's samples.
    pub fn samples(self, length: usize) -> Vec<f64> {
        (0..length)
            .map(|n| {
                let phase = TAU * n as f64 / length as f64;
                match self {
                    Window::Hann => 0.5 - 0.5 * phase.cos(),
                    Window::Hamming => 0.54 - 0.46 * phase.cos(),
                    Window::Blackman => 0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos(),
                    Window::Rectangular => 1.0,
                }
            })
            .collect()
    }
}

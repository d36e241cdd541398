//! The short-time Fourier transform as a stage.

use super::{
    Accepts, Declaration, DefaultValue, Domain, Draws, Flows, Input, Kind, Parameter, Transform,
    Workspace,
};
use crate::declare::{Settings, words};
use crate::dsp::{PadMode, Stft, StftOptions, Window, n_frames};
use crate::features::FeatureAxes;
use crate::{Error, Rng};
use smallvec::SmallVec;
use std::sync::{Arc, RwLock};

/// `X[k, t] = sum_n w[n] x[n + t H - n_fft / 2] exp(-2 pi i k n / n_fft)`: its magnitude, its square, or its angle in
/// `(-pi, pi]`, a row for each of the `n_fft / 2 + 1` frequencies.
pub(super) static STFT: Declaration = Declaration {
    name: "stft",
    about: "Computes the short-time Fourier transform: its magnitude, power or phase.",
    citation: "Allen & Rabiner, 1977; conventions as in librosa",
    parameters: &[
        Parameter::option(
            "n_fft",
            COUNT,
            DefaultValue::Absent,
            "size of the transform, samples; 32 ms rounded up to a power of two if not given",
        ),
        Parameter::option(
            "win_length",
            COUNT,
            DefaultValue::Absent,
            "length of the window, samples; `n_fft` if not given",
        ),
        Parameter::option(
            "hop_length",
            COUNT,
            DefaultValue::Absent,
            "samples from frame to frame; 10 ms if not given",
        ),
        Parameter::option(
            "window",
            Kind::Word(&words(&Window::WORDS)),
            DefaultValue::Word("hann"),
            "shape of the window",
        ),
        Parameter::option(
            "pad_mode",
            Kind::Word(&words(&PADDING)),
            DefaultValue::Word("reflect"),
            "what a centred frame sees beyond the ends; \"none\" starts frames at their first sample",
        ),
        Parameter::option(
            "output",
            Kind::Word(&words(&OUTPUTS)),
            DefaultValue::Word("magnitude"),
            "what is kept of the complex numbers; phases are in radians",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: Some(Domain::Features),
        draws: &[],
    },
    example: "let m = tone(440, 1) |> stft(#{ n_fft: 400, hop_length: 200 }); assert(m.shape == [1, 201, 81])",
    build: |settings| Ok(Arc::new(StftStage::new(settings)?)),
};

const COUNT: Kind = Kind::Count {
    low: 1.0,
    high: 1_048_576.0,
};
const PADDING: [(&str, Option<PadMode>); 3] = [
    ("reflect", Some(PadMode::Reflect)),
    ("constant", Some(PadMode::Zeros)),
    ("none", None),
];
const OUTPUTS: [(&str, Output); 3] = [
    ("magnitude", Output::Magnitude),
    ("power", Output::Power),
    ("phase", Output::Phase),
];

#[derive(Clone, Copy)]
enum Output {
    Magnitude,
    Power,
    Phase,
}

/// A sample rate, the transform for it, and where its frames and bins lie.
type Made = (u32, Arc<Stft>, Arc<FeatureAxes>);

/// A transform that is made when the sample rate is known.
struct StftStage {
    n_fft: Option<usize>,
    win_length: Option<usize>,
    hop_length: Option<usize>,
    window: Window,
    padding: Option<PadMode>,
    output: Output,
    made: RwLock<SmallVec<[Made; 2]>>,
}

impl StftStage {
    fn new(settings: &Settings<'_>) -> Result<StftStage, Error> {
        let stage = StftStage {
            n_fft: settings.count_if("n_fft"),
            win_length: settings.count_if("win_length"),
            hop_length: settings.count_if("hop_length"),
            window: settings.word("window", &Window::WORDS),
            padding: settings.word("pad_mode", &PADDING),
            output: settings.word("output", &OUTPUTS),
            made: RwLock::default(),
        };
        // What can be known to be wrong without a sound is said when the recipe is built.
        if let (Some(n_fft), Some(win_length)) = (stage.n_fft, stage.win_length)
            && win_length > n_fft
        {
            return Err(Error::range(
                "win_length",
                format!("within 1..={n_fft} (`n_fft`)"),
                win_length,
            ));
        }
        Ok(stage)
    }

    fn for_rate(&self, sample_rate: u32) -> Result<(Arc<Stft>, Arc<FeatureAxes>), Error> {
        let same = |made: &&Made| made.0 == sample_rate;
        // A poisoned lock holds a list that is still whole: nothing can fail between its changes.
        let known = self
            .made
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .iter()
            .find(same)
            .cloned();
        if let Some((_, stft, axes)) = known {
            return Ok((stft, axes));
        }
        let rate = f64::from(sample_rate);
        let win_length = self.win_length.or(self.n_fft);
        let n_fft = self.n_fft.unwrap_or_else(|| {
            win_length
                .unwrap_or((0.032 * rate).ceil() as usize)
                .next_power_of_two()
        });
        let stft = Arc::new(Stft::new(StftOptions {
            n_fft,
            win_length: win_length.unwrap_or(n_fft),
            hop_length: self
                .hop_length
                .unwrap_or((0.01 * rate).round().max(1.0) as usize),
            window: self.window,
            center: self.padding.is_some(),
            pad_mode: self.padding.unwrap_or(PadMode::Zeros),
        })?);
        let centers_hz = (0..stft.n_bins())
            .map(|bin| bin as f64 * rate / n_fft as f64)
            .collect();
        let axes = FeatureAxes::shared(stft.options().hop_length, sample_rate, centers_hz);
        self.made
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push((sample_rate, stft.clone(), axes.clone()));
        Ok((stft, axes))
    }
}

impl Transform for StftStage {
    fn draw(&self, _: &mut Rng, _: &Input) -> Draws {
        Draws::new()
    }

    fn apply(&self, _: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (stft, axes) = self.for_rate(work.sample_rate)?;
        let (n, n_channels) = (work.input().n, work.n_channels.max(1));
        let (n_bins, frames) = (stft.n_bins(), n_frames(stft.options(), n));
        work.features.reset(n_channels, n_bins, frames);
        work.features.axes = Some(axes);
        for channel in 0..n_channels {
            let block = &mut work.features.values[channel * n_bins * frames..];
            stft.each_frame(
                &work.samples[channel * n..(channel + 1) * n],
                &mut work.fft,
                |frame, spectrum| {
                    for (slot, bin) in block[frame..].iter_mut().step_by(frames).zip(spectrum) {
                        *slot = match self.output {
                            Output::Magnitude => bin.norm_sqr().sqrt(),
                            Output::Power => bin.norm_sqr(),
                            // Adding 0 takes the sign off a negative zero, whose angle would be pi.
                            Output::Phase => (bin.im + 0.0).atan2(bin.re + 0.0),
                        };
                    }
                },
            )?;
        }
        work.now_features();
        Ok(())
    }
}

//! A synthesizer: a graph with the length and the rates of its sounds, and the recipe that they pass through.

use crate::compile::compile;
use crate::render::{Plan, Playable, Scratches};
use crate::segments::Segments;
use crate::slope::slopes;
use crate::{Error, FreeParameter, Program, Signal, Slope};
use auricle_audio::augment::{Domain, Recipe};
use std::fmt;
use std::sync::Arc;

/// Length and rates of a synthesizer's sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SynthOptions {
    /// Length of a sound, seconds.
    pub seconds: f64,
    /// Audio samples per second.
    pub sample_rate: u32,
    /// Control samples per second.
    pub control_rate: u32,
    /// Whether a sound whose peak passes 1 is divided by its peak, as a mixer does it.
    pub normalize: bool,
}

impl Default for SynthOptions {
    fn default() -> SynthOptions {
        SynthOptions {
            seconds: 4.0,
            sample_rate: 44_100,
            control_rate: 441,
            normalize: false,
        }
    }
}

/// A graph with the length and the rates of its sounds, compiled, and a recipe behind it. Cheap to clone.
#[derive(Clone)]
pub struct Synth {
    pub(crate) inner: Arc<Inner>,
    pub(crate) recipe: Recipe,
}

pub(crate) struct Inner {
    pub(crate) graph: Signal,
    pub(crate) options: SynthOptions,
    pub(crate) parameters: Arc<[FreeParameter]>,
    pub(crate) slopes: Vec<Slope>,
    pub(crate) playable: Playable,
    pub(crate) scratches: Scratches,
}

/// Samples of a sound at most: an hour at 96 kHz.
const MOST_SAMPLES: f64 = 345_600_000.0;

impl Synth {
    /// Compiles a graph.
    ///
    /// A sound has `ceil(seconds * sample_rate)` samples and `ceil(seconds * control_rate)` control samples.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a length or a rate that is not above 0 or too large, [`Error::NoSignal`] for a
    /// note, [`Error::ManyOutputs`], [`Error::Name`].
    pub fn new(graph: &Signal, options: SynthOptions) -> Result<Synth, Error> {
        let SynthOptions {
            seconds,
            sample_rate,
            control_rate,
            ..
        } = options;
        if !(seconds.is_finite() && seconds > 0.0) {
            return Err(auricle_audio::Error::range("seconds", "above 0 s", seconds).into());
        }
        for (param, rate) in [("sample_rate", sample_rate), ("control_rate", control_rate)] {
            if rate == 0 {
                return Err(auricle_audio::Error::range(param, "at least 1 Hz", rate).into());
            }
        }
        let count = |rate: u32| (seconds * f64::from(rate)).ceil();
        if count(sample_rate.max(control_rate)) > MOST_SAMPLES {
            let want = format!("at most {MOST_SAMPLES} samples long");
            return Err(auricle_audio::Error::range("seconds", want, seconds).into());
        }
        let (mut program, parameters) = compile(graph)?;
        if options.normalize {
            program.normalize_output();
        }
        let (n_samples, n_control) = (count(sample_rate) as usize, count(control_rate) as usize);
        let plan = Plan::new(&program);
        let slopes = slopes(&program, parameters.len());
        Ok(Synth {
            recipe: Recipe::identity(),
            inner: Arc::new(Inner {
                graph: graph.clone(),
                options,
                parameters: parameters.into(),
                slopes,
                playable: Playable {
                    program,
                    sample_rate,
                    control_rate,
                    n_samples,
                    n_control,
                    segments: Segments::new(n_samples, n_control),
                    plan,
                },
                scratches: Scratches::default(),
            }),
        })
    }

    /// The same synthesizer with a recipe behind what is behind it already: every sound passes through it.
    ///
    /// A recipe draws for a sound from the key of its patch, as the noise of the sound does, so a patch still sounds the
    /// same in any batch, and the two views of a patch are drawn independently. It keeps the sample rate.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Domain`] for a recipe that takes or gives features.
    pub fn then(&self, recipe: &Recipe) -> Result<Synth, Error> {
        let recipe = self.recipe.then(recipe)?;
        let flow = recipe.flow(Some(Domain::Wave))?;
        if flow.gives == Some(Domain::Features) {
            let want = "a recipe from waves to waves; features belong to what is trained on the synthesizer";
            return Err(auricle_audio::Error::range("recipe", want, recipe).into());
        }
        Ok(Synth {
            inner: self.inner.clone(),
            recipe,
        })
    }

    /// The recipe that every sound passes through; the empty one unless [`Synth::then`] gave one.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The graph.
    pub fn graph(&self) -> &Signal {
        &self.inner.graph
    }

    /// Length and rates.
    pub fn options(&self) -> SynthOptions {
        self.inner.options
    }

    /// What the graph was compiled to.
    pub fn program(&self) -> &Program {
        &self.inner.playable.program
    }

    /// The free parameters, in the order of a patch: by the module's name, then by the parameter's, then by index.
    pub fn parameters(&self) -> &[FreeParameter] {
        &self.inner.parameters
    }

    /// Whether the sound moves smoothly with each parameter, so that it has a gradient, in the order of a patch.
    pub fn slopes(&self) -> &[Slope] {
        &self.inner.slopes
    }

    /// Samples of a sound.
    pub fn n_samples(&self) -> usize {
        self.inner.playable.n_samples
    }

    /// Control samples of a sound.
    pub fn n_control(&self) -> usize {
        self.inner.playable.n_control
    }
}

/// Prints the source that builds it.
impl fmt::Display for Synth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (options, default) = (self.inner.options, SynthOptions::default());
        write!(
            f,
            "synth({}, #{{ seconds: {:?}",
            self.inner.graph, options.seconds
        )?;
        write!(f, ", sample_rate: {}", options.sample_rate)?;
        write!(f, ", control_rate: {}", options.control_rate)?;
        if options.normalize != default.normalize {
            write!(f, ", normalize: {}", options.normalize)?;
        }
        f.write_str(" })")?;
        match self.recipe.steps().is_empty() {
            true => Ok(()),
            false => write!(f, " |> {}", self.recipe),
        }
    }
}

impl fmt::Debug for Synth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Two synthesizers are equal if their graphs, options and recipes are.
impl PartialEq for Synth {
    fn eq(&self, other: &Synth) -> bool {
        self.inner.options == other.inner.options
            && self.recipe == other.recipe
            && self.inner.graph == other.inner.graph
    }
}

//! What can go wrong with learning.

/// An error of this crate. The message is the fact; [`Error::hint`] is the advice.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter outside its range.
    #[error("`{param}` must be {want}, not {got}")]
    Range {
        /// Name of the parameter.
        param: &'static str,
        /// What is accepted.
        want: String,
        /// What was given.
        got: String,
    },
    /// A tensor or batch of another shape than wanted.
    #[error("{what} must be {want}, not {}", shape(got))]
    Shape {
        /// The tensor.
        what: &'static str,
        /// What is wanted.
        want: String,
        /// What is there.
        got: Vec<usize>,
    },
    /// A layer that cannot read what it is given.
    #[error("layer {place}, `{layer}`, needs {want}; it is given {got}")]
    Misfit {
        /// Number or name of the layer, with those around it before it.
        place: String,
        /// Its source.
        layer: String,
        /// What it needs.
        want: String,
        /// What it is given.
        got: String,
    },
    /// Something that a loss is computed from and that was not given.
    #[error("`{name}` needs {what}")]
    Missing {
        /// Name of the loss.
        name: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A device that this build does not have.
    #[error("there is no device `{got}`")]
    Device {
        /// What was asked for.
        got: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Clips that cannot stand in one batch.
    #[error(
        "clip {clip} gives {}, clip {first} gives {}: a batch needs equal shapes",
        shape(got),
        shape(want)
    )]
    Ragged {
        /// Index of the first clip.
        first: u64,
        /// Its shape.
        want: Vec<usize>,
        /// Index of the clip that differs.
        clip: u64,
        /// Its shape.
        got: Vec<usize>,
    },
    /// Labels that a judgement needs and the data lack.
    #[error("{0}")]
    Labels(String),
    /// A file of weights or a checkpoint that does not fit.
    #[error("`{path}`: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A run whose settings cannot work together.
    #[error("{message}")]
    Run {
        /// What is wrong.
        message: String,
        /// What would mend it.
        hint: String,
    },
    /// A run of which something is wanted that its training makes.
    #[error("the run has not been trained")]
    Untrained,
    /// The loss is no longer a number.
    #[error("the loss{} is {loss} at epoch {epoch}, step {step}: training has diverged", part.as_ref().map(|part| format!(" of `{part}`")).unwrap_or_default())]
    Diverged {
        /// The method whose loss it is, where several are joined.
        part: Option<String>,
        /// The loss.
        loss: f64,
        /// Epoch, from 1.
        epoch: usize,
        /// Step in the epoch, from 1.
        step: usize,
    },
    /// A request to stop work that leaves nothing behind.
    #[error("interrupted")]
    Stopped,
    /// A request to stop a training run.
    #[error("interrupted after epoch {epoch}, step {step}{}", checkpoint.as_ref().map(|path| format!("; the state is in `{path}`")).unwrap_or_default())]
    Interrupted {
        /// Epochs done.
        epoch: usize,
        /// Steps of the next epoch done.
        step: usize,
        /// Where the checkpoint is, if one is kept.
        checkpoint: Option<String>,
    },
    /// An error of the sound below.
    #[error(transparent)]
    Audio(#[from] auricle_audio::Error),
    /// An error of a synthesizer.
    #[error(transparent)]
    Synth(#[from] auricle_synth::Error),
}

impl Error {
    /// An [`Error::Range`].
    pub fn range(param: &'static str, want: impl Into<String>, got: impl ToString) -> Error {
        Error::Range {
            param,
            want: want.into(),
            got: got.to_string(),
        }
    }

    /// An [`Error::File`].
    pub fn file(path: &std::path::Path, reason: impl ToString) -> Error {
        Error::File {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }

    /// Advice that mends the error, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Audio(error) => error.hint(),
            Error::Synth(error) => error.hint(),
            Error::Device { known, .. } => Some(format!("this build has {}", known.join(", "))),
            Error::Ragged { .. } => {
                Some("give the dataset `seconds`, or the recipe `crop(seconds)`".into())
            }
            Error::Run { hint, .. } => Some(hint.clone()),
            Error::Untrained => Some("call `run.fit()` first".into()),
            Error::Diverged { .. } => {
                Some("lower the learning rate, or raise the temperature".into())
            }
            Error::Interrupted {
                checkpoint: Some(_),
                ..
            } => Some("run the script again to go on from there".into()),
            _ => None,
        }
    }
}

fn shape(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    format!("[{}]", dims.join(", "))
}

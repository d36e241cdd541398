//! What can go wrong with a synthesizer, said so that a reader can mend it.

use crate::Rate;

/// An error of this crate. The message is the fact; [`Error::hint`] is the advice.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// What the declarations, distributions, waves and files report.
    #[error(transparent)]
    Audio(#[from] auricle_audio::Error),
    /// A signal of another rate than its port takes.
    #[error("`{port}` of `{module}` takes {want}, not {got}")]
    Rate {
        /// The module.
        module: &'static str,
        /// The port.
        port: &'static str,
        /// What it takes.
        want: Rate,
        /// What it was given.
        got: Rate,
    },
    /// An operator on a signal that has none.
    #[error("{0} cannot be added, multiplied or played")]
    NoSignal(Rate),
    /// A signal of several outputs where one is wanted.
    #[error("`{module}` has {outputs} outputs, and one of them is wanted")]
    ManyOutputs {
        /// The module.
        module: String,
        /// How many it has.
        outputs: usize,
    },
    /// Two modules of one name that are not set alike.
    #[error("two modules are called `{name}`, but they are not set alike")]
    Name {
        /// Their name.
        name: String,
    },
    /// Patches that do not belong to the synthesizer.
    #[error("a patch of this synthesizer has {want} parameters, not {got}")]
    PatchSize {
        /// Parameters of the synthesizer.
        want: usize,
        /// Values of the patch.
        got: usize,
    },
    /// A folder that holds another corpus, or this one already.
    #[error("{} {problem}", folder.display())]
    Corpus {
        /// The folder.
        folder: std::path::PathBuf,
        /// What it holds.
        problem: String,
        /// What mends it.
        hint: &'static str,
    },
    /// A buffer of the wrong size.
    #[error("{sounds} sounds of {samples} samples need a buffer of {want} samples, not of {got}")]
    Buffer {
        /// Sounds to be rendered.
        sounds: usize,
        /// Samples of each.
        samples: usize,
        /// Samples of all.
        want: usize,
        /// Samples of the buffer.
        got: usize,
    },
}

impl Error {
    /// Advice that mends the error, where there is some.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Audio(error) => error.hint(),
            Error::Rate {
                want: Rate::Control,
                got: Rate::Audio,
                ..
            } => Some("modulate at audio rate with `fm(modulator)`".into()),
            Error::ManyOutputs { .. } => Some("choose one by its index, from 0".into()),
            Error::Name { .. } => Some(
                "modules of one name share their parameters; name one of them otherwise".into(),
            ),
            Error::Corpus { hint, .. } => Some((*hint).into()),
            _ => None,
        }
    }
}

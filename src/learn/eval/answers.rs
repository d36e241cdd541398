//! What there is to predict of the clips of a dataset.

use super::Truth;
use crate::Error;
use crate::batch::Task;
use auricle_audio::dataset::{Clip, Dataset};

/// The clips whose answers are known, by their places, and the answers.
pub(super) struct Answers {
    pub(super) rows: Vec<usize>,
    pub(super) truth: Truth,
}

/// The answers that a dataset has.
///
/// # Errors
/// [`Error::Labels`] if it has none; `what` names the clips.
pub(super) fn answers(data: &Dataset, task: Task, what: &str) -> Result<Answers, Error> {
    let n = data.classes().len();
    let clips = || data.clips().iter().enumerate();
    let (rows, truth): (Vec<usize>, Truth) = match task {
        Task::Classes => {
            let (rows, labels) = clips()
                .filter_map(|(row, clip)| Some((row, clip.label?)))
                .unzip();
            (rows, Truth::Classes(labels))
        }
        Task::Several => {
            let flags = |clip: &Clip| {
                Some((0..n).map(|class| clip.is_of(class)).collect())
                    .filter(|_| clip.labels.is_some())
            };
            let (rows, several) = clips()
                .filter_map(|(row, clip)| Some((row, flags(clip)?)))
                .unzip();
            (rows, Truth::Several(several))
        }
        Task::Numbers => {
            let (rows, numbers) = clips()
                .filter_map(|(row, clip)| Some((row, clip.target?)))
                .unzip();
            (rows, Truth::Numbers(numbers))
        }
    };
    if rows.is_empty() {
        let of = if task == Task::Numbers {
            "numbers to predict"
        } else {
            "labels"
        };
        return Err(Error::Labels(format!(
            "the {what} clips have no {of} to judge by"
        )));
    }
    Ok(Answers { rows, truth })
}

//! What an encoder is shown first, as pictures and sounds for TensorBoard.

use super::super::Plan;
use crate::Error;
use crate::batch::{Scaling, View};
use crate::feed::{Cut, Feed, Preparation, Workers};
use auricle_audio::Waveform;
use auricle_audio::io::{SampleFormat, wav_file};
use auricle_figure::{Grid, HeatMap};

/// Clips that are shown.
const CLIPS: usize = 4;
/// Columns and rows of a picture at most.
const MOST: [usize; 2] = [600, 300];
/// Seconds of a sound at most.
const LONGEST_S: usize = 10;

/// Something that is shown of a view, under the name by which it is found.
pub(in crate::train) struct Seen {
    pub(super) name: String,
    pub(super) what: What,
}

/// What is shown.
pub(super) enum What {
    /// Features.
    Picture {
        /// Columns and rows.
        size: [usize; 2],
        /// A PNG file.
        file: Vec<u8>,
    },
    /// A wave.
    Sound {
        /// Samples per second, Hz.
        sample_rate: u32,
        channels: usize,
        /// Samples of a channel.
        length: usize,
        /// A WAV file.
        file: Vec<u8>,
    },
}

/// The views of the first clips of a training, drawn as they are for its first step: pictures of those that are features,
/// scaled, and the sound of all before they become features. What a clip becomes does not depend on its batch, so a smaller
/// one is made for it.
pub(in crate::train) fn first_views(
    plan: &Plan,
    scaling: Scaling,
    workers: &Workers,
) -> Result<Vec<Seen>, Error> {
    let feed = plan.feed(scaling)?;
    let heard = Feed {
        supply: feed.supply.clone(),
        by: Preparation {
            views: feed.by.views.before_features(),
            scaling: Scaling::NONE,
            seed: feed.by.seed,
        },
    };
    let mut seen = first(plan, &feed, workers, pictures)?;
    match first(plan, &heard, workers, |view, clip, name| {
        sound(view, clip, name).into_iter().collect()
    }) {
        Ok(sounds) => seen.extend(sounds),
        // Waves that are not of one length cannot be stacked; as features they may.
        Err(Error::Ragged { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(seen)
}

fn first(
    plan: &Plan,
    feed: &Feed,
    workers: &Workers,
    show: impl Fn(&View, usize, &str) -> Vec<Seen>,
) -> Result<Vec<Seen>, Error> {
    let cut = plan.cut();
    let few = Cut {
        batch: cut.batch.min(CLIPS),
        ..cut
    };
    let Some(batch) = feed.epoch(0, few, 0, workers).next() else {
        return Ok(Vec::new());
    };
    let views = batch?.views;
    let clips = views.first().map_or(0, |view| view.shape[0]);
    let mut seen = Vec::new();
    for clip in 0..clips {
        for (number, view) in views.iter().enumerate() {
            let name = format!("views/clip_{clip}/view_{number}");
            seen.extend(show(view, clip, &name));
        }
    }
    Ok(seen)
}

/// The channels of one clip's features.
fn pictures(view: &View, clip: usize, name: &str) -> Vec<Seen> {
    let &[_, channels, rows, columns] = view.shape.as_slice() else {
        return Vec::new();
    };
    let clip = &view.values[clip * channels * rows * columns..];
    let of_channel = |channel: usize| {
        let values = &clip[channel * rows * columns..][..rows * columns];
        let grid = Grid {
            values,
            columns,
            rows,
        };
        let map = HeatMap::within(grid, MOST)?;
        Some(Seen {
            name: match channels {
                1 => name.to_owned(),
                _ => format!("{name}/channel_{channel}"),
            },
            what: What::Picture {
                size: [map.width, map.height],
                file: map.to_small_png(),
            },
        })
    };
    (0..channels).filter_map(of_channel).collect()
}

/// The beginning of one clip's wave; nothing where it has no samples.
fn sound(view: &View, clip: usize, name: &str) -> Option<Seen> {
    let &[_, channels, n] = view.shape.as_slice() else {
        return None;
    };
    let length = n.min(LONGEST_S * view.sample_rate as usize);
    let clip = &view.values[clip * channels * n..][..channels * n];
    let samples = clip.chunks(n.max(1)).flat_map(|channel| &channel[..length]);
    let wave = Waveform::new(samples.copied().collect(), channels, view.sample_rate).ok()?;
    Some(Seen {
        name: name.to_owned(),
        what: What::Sound {
            sample_rate: view.sample_rate,
            channels,
            length,
            file: wav_file(&wave, SampleFormat::Int16).ok()?,
        },
    })
}

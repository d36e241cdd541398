//! What an encoder is shown first, as pictures for TensorBoard.

use super::super::Plan;
use crate::Error;
use crate::batch::{Scaling, View};
use crate::feed::{Cut, Workers};
use auricle_figure::{Grid, HeatMap};

/// Clips that are shown.
const CLIPS: usize = 4;
/// Columns and rows of a picture at most.
const MOST: [usize; 2] = [600, 300];

/// A picture with the name under which it is found.
pub(in crate::train) struct Picture {
    pub(super) name: String,
    /// Columns and rows.
    pub(super) size: [usize; 2],
    /// A PNG file.
    pub(super) file: Vec<u8>,
}

/// The views of the first clips of a training, drawn and scaled as they are for its first step; none where views are
/// waves. What a clip becomes does not depend on its batch, so a smaller one is made for it.
pub(in crate::train) fn first_views(
    plan: &Plan,
    scaling: Scaling,
    workers: &Workers,
) -> Result<Vec<Picture>, Error> {
    let cut = plan.cut();
    let few = Cut {
        batch: cut.batch.min(CLIPS),
        ..cut
    };
    let Some(batch) = plan.feed(scaling)?.epoch(0, few, 0, workers).next() else {
        return Ok(Vec::new());
    };
    let views = batch?.views;
    let clips = views.first().map_or(0, |view| view.shape[0]);
    let mut pictures = Vec::new();
    for clip in 0..clips {
        for (number, view) in views.iter().enumerate() {
            pictures.extend(of_view(
                view,
                clip,
                &format!("views/clip_{clip}/view_{number}"),
            ));
        }
    }
    Ok(pictures)
}

/// The channels of one clip's features.
fn of_view(view: &View, clip: usize, name: &str) -> Vec<Picture> {
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
        Some(Picture {
            name: match channels {
                1 => name.to_owned(),
                _ => format!("{name}/channel_{channel}"),
            },
            size: [map.width, map.height],
            file: map.to_small_png(),
        })
    };
    (0..channels).filter_map(of_channel).collect()
}

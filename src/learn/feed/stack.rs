//! From sounds to the views of a batch.

use super::{Preparation, Workers};
use crate::Error;
use crate::batch::{View, result};
use auricle_audio::augment::Workspace;
use auricle_audio::{Key, Waveform};
use rayon::prelude::*;
use std::cell::RefCell;

/// A view of one sound.
pub struct Prepared<'a> {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, scaled, in row-major order.
    pub values: &'a [f32],
    /// Samples per second of the wave behind it, Hz.
    pub sample_rate: u32,
}

/// Makes one view of one sound in the thread's workspace and hands it on.
///
/// # Errors
/// Whatever the recipe of the view and `take` report.
pub fn prepared<T>(
    wave: &Waveform,
    by: &Preparation,
    key: Key,
    take: impl FnOnce(Prepared<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    thread_local! {
        static WORK: RefCell<Workspace> = RefCell::new(Workspace::default());
    }
    WORK.with_borrow_mut(|work| {
        work.load(wave);
        by.views.recipes()[key.view as usize].run(key, work)?;
        let sample_rate = work.sample_rate;
        let (shape, values) = result(work);
        by.scaling.apply(values);
        take(Prepared {
            shape,
            values,
            sample_rate,
        })
    })
}

/// Stacks the clips of a batch into its views. `sound` gives the sound and the key of a clip, by its place in the batch,
/// for a view; it is asked on all threads.
///
/// # Errors
/// [`Error::Ragged`] if clips come out in different shapes, and whatever `sound` and the recipes report.
pub fn stack(
    ids: &[u64],
    by: &Preparation,
    workers: &Workers,
    sound: impl Fn(usize, usize) -> Result<(Waveform, Key), Error> + Sync,
) -> Result<Vec<View>, Error> {
    // The first clip says what shape each view has.
    let shape_of = |view| {
        let (wave, key) = sound(0, view)?;
        prepared(&wave, by, key, |view| Ok((view.shape, view.sample_rate)))
    };
    let (shapes, rates): (Vec<Vec<usize>>, Vec<u32>) = (0..by.views.recipes().len())
        .map(shape_of)
        .collect::<Result<_, _>>()?;
    let size = |view: usize| shapes[view].iter().product::<usize>();
    let mut values: Vec<Vec<f32>> = (0..shapes.len())
        .map(|view| vec![0.0; size(view) * ids.len()])
        .collect();
    let mut slots: Vec<(usize, usize, &mut [f32])> = Vec::with_capacity(ids.len() * shapes.len());
    for (view, values) in values.iter_mut().enumerate() {
        let rows = values.chunks_mut(size(view).max(1)).enumerate();
        slots.extend(rows.map(|(row, slot)| (view, row, slot)));
    }
    let fill = |(view, row, slot): (usize, usize, &mut [f32])| {
        let (wave, key) = sound(row, view)?;
        prepared(&wave, by, key, |made| {
            if made.shape != shapes[view] {
                return Err(Error::Ragged {
                    first: ids[0],
                    want: shapes[view].clone(),
                    clip: ids[row],
                    got: made.shape,
                });
            }
            slot.copy_from_slice(made.values);
            Ok(())
        })
    };
    let made: Vec<Result<(), Error>> = workers
        .pool
        .install(|| slots.into_par_iter().map(fill).collect());
    made.into_iter().collect::<Result<(), Error>>()?;
    let views = values.into_iter().zip(shapes).zip(rates);
    let views = views.map(|((values, shape), sample_rate)| View {
        values,
        shape: std::iter::once(ids.len()).chain(shape).collect(),
        sample_rate,
    });
    Ok(views.collect())
}

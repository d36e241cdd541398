//! Indexing as NumPy has it: places, ranges, new axes, and what is chosen by a list or a mask.

use super::arithmetic::text;
use super::layout::places_within;
use super::value::{Data, MAX_RANK, NdTensor, each, shaped, wide};
use super::{Dtype, Values};
use crate::Error;
use burn::tensor::Slice;

/// What is taken of an axis.
#[expect(clippy::large_enum_variant, reason = "few are held at a time")]
#[derive(Clone, Debug)]
pub enum Index {
    /// One place, from the end if it is negative; the axis goes.
    At(i64),
    /// Every `step`th place from `start` up to `end`, which is left out. Ends beyond the axis are
    /// those of the axis.
    Range {
        /// The first place; where the axis begins if there is none.
        start: Option<i64>,
        /// The place after the last; where the axis ends if there is none.
        end: Option<i64>,
        /// From one place to the next, negative to go backwards.
        step: i64,
    },
    /// A new axis of length 1.
    New,
    /// All axes that the other indices leave.
    Rest,
    /// Places, or a mask of one or more axes.
    Chosen(NdTensor),
}

impl Index {
    /// A whole axis.
    pub const ALL: Index = Index::Range {
        start: None,
        end: None,
        step: 1,
    };

    /// How many axes it is about.
    fn n_axes(&self) -> usize {
        match self {
            Index::At(_) | Index::Range { .. } => 1,
            Index::New | Index::Rest => 0,
            Index::Chosen(mask) if mask.dtype() == Dtype::Bool => mask.rank(),
            Index::Chosen(_) => 1,
        }
    }
}

/// Reads indices as NumPy writes them between brackets: `"0, 1:3"`, `"..., ::2"`, `"newaxis, -1"`.
///
/// # Errors
/// [`Error::Range`] for anything else.
pub fn parse_indices(source: &str) -> Result<Vec<Index>, Error> {
    let wrong = || {
        Error::range(
            "index",
            "places and ranges such as \"0, 1:3, ::2, ...\"",
            format!("{source:?}"),
        )
    };
    let number = |part: &str| -> Result<Option<i64>, Error> {
        let part = part.trim();
        if part.is_empty() {
            return Ok(None);
        }
        part.parse().map(Some).map_err(|_| wrong())
    };
    let one = |part: &str| -> Result<Index, Error> {
        match part.trim() {
            "..." => return Ok(Index::Rest),
            "newaxis" | "None" => return Ok(Index::New),
            _ => {}
        }
        let parts: Vec<&str> = part.split(':').collect();
        match parts.as_slice() {
            [place] => number(place)?.map(Index::At).ok_or_else(wrong),
            [start, end] => Ok(Index::Range {
                start: number(start)?,
                end: number(end)?,
                step: 1,
            }),
            [start, end, step] => {
                let step = number(step)?.unwrap_or(1);
                Ok(Index::Range {
                    start: number(start)?,
                    end: number(end)?,
                    step,
                })
            }
            _ => Err(wrong()),
        }
    };
    source.split(',').map(one).collect()
}

/// The places of a range on an axis: the first one, how many there are, and the step between them.
fn places(
    start: Option<i64>,
    end: Option<i64>,
    step: i64,
    length: usize,
) -> Result<(usize, usize, i64), Error> {
    let n = length as i64;
    if step == 0 {
        return Err(Error::range("step", "other than 0", step));
    }
    // What lies outside is clamped to the axis; going backwards, the place before the first one is
    // an end.
    let (lowest, highest) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let clamped = |place: i64| {
        let place = if place < 0 {
            place.saturating_add(n)
        } else {
            place
        };
        place.clamp(lowest, highest)
    };
    let (first, last) = if step > 0 {
        (lowest, highest)
    } else {
        (highest, lowest)
    };
    let (start, end) = (start.map_or(first, clamped), end.map_or(last, clamped));
    let distance = if step > 0 { end - start } else { start - end };
    let count = (distance.max(0) as u64).div_ceil(step.unsigned_abs());
    Ok((start.max(0) as usize, count as usize, step))
}

impl NdTensor {
    /// The indices with every axis in them: [`Index::Rest`] written out, and whole axes behind the
    /// last one.
    fn complete(&self, indices: &[Index]) -> Result<Vec<Index>, Error> {
        let given: usize = indices.iter().map(Index::n_axes).sum();
        if given > self.rank {
            let want = format!(
                "about at most {} axes for shape {}",
                self.rank,
                text(&self.shape())
            );
            return Err(Error::range("index", want, format!("{given}")));
        }
        let rests = indices
            .iter()
            .filter(|index| matches!(index, Index::Rest))
            .count();
        if rests > 1 {
            return Err(Error::range(
                "index",
                "with one \"...\"",
                format!("with {rests}"),
            ));
        }
        let rest = || std::iter::repeat_n(Index::ALL, self.rank - given);
        let mut complete = Vec::new();
        for index in indices {
            match index {
                Index::Rest => complete.extend(rest()),
                other => complete.push(other.clone()),
            }
        }
        if rests == 0 {
            complete.extend(rest());
        }
        Ok(complete)
    }

    fn place(&self, place: i64, axis: usize) -> Result<usize, Error> {
        let n = self.shape()[axis] as i64;
        let counted = if place < 0 { place + n } else { place };
        if (0..n).contains(&counted) {
            return Ok(counted as usize);
        }
        let shape = text(&self.shape());
        let want = match n {
            0 => format!("left out for axis {axis} of {shape}, which is empty"),
            _ => format!("within {}..={} for axis {axis} of {shape}", -n, n - 1),
        };
        Err(Error::range("index", want, place))
    }

    /// A part of the tensor: one index an axis, in order; axes without one are taken whole. Of
    /// lists and masks there may be one, whose axes take the place of those it chooses from.
    ///
    /// # Errors
    /// [`Error::Range`] for places that do not exist; [`Error::Shape`] for a mask of another shape.
    pub fn at(&self, indices: &[Index]) -> Result<NdTensor, Error> {
        let complete = self.complete(indices)?;
        let (shape, offset) = (self.shape(), MAX_RANK - self.rank);
        let mut slices = [Slice::full(); MAX_RANK];
        let mut backwards = Vec::new();
        let mut chosen: Option<(&NdTensor, usize)> = None;
        // Lengths of the result; those of a list or mask follow when it is known how many there
        // are.
        let (mut before, mut behind): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut axis = 0;
        for index in &complete {
            let lengths = if chosen.is_some() {
                &mut behind
            } else {
                &mut before
            };
            match index {
                Index::At(place) => {
                    let place = self.place(*place, axis)? as isize;
                    slices[offset + axis] = Slice::new(place, Some(place + 1), 1);
                }
                Index::Range { start, end, step } => {
                    let (first, count, step) = places(*start, *end, *step, shape[axis])?;
                    let width = count.saturating_sub(1) * step.unsigned_abs() as usize;
                    let low = if step > 0 || count == 0 {
                        first
                    } else {
                        first - width
                    };
                    let end = if count == 0 { low } else { low + width + 1 };
                    slices[offset + axis] = Slice::new(
                        low as isize,
                        Some(end as isize),
                        step.unsigned_abs() as isize,
                    );
                    if step < 0 && count > 1 {
                        backwards.push(offset + axis);
                    }
                    lengths.push(count);
                }
                Index::New => lengths.push(1),
                Index::Chosen(_) if chosen.is_some() => {
                    return Err(Error::range("index", "with one list or mask", "with more"));
                }
                Index::Chosen(list) => chosen = Some((list, axis)),
                Index::Rest => {}
            }
            axis += index.n_axes();
        }
        let is_whole = slices.iter().all(|slice| *slice == Slice::full());
        let mut data = self.data();
        if !is_whole {
            data = each!(data, tensor => tensor.slice(slices));
        }
        for axis in backwards {
            data = each!(data, tensor => tensor.flip([axis]));
        }
        let part = NdTensor::of(data, self.rank);
        let Some((list, axis)) = chosen else {
            return part.reshaped(&before);
        };
        let (places, own) = chosen_places(list, &shape, axis)?;
        part.picked(
            &places,
            axis,
            Index::Chosen(list.clone()).n_axes(),
            &[before, own, behind].concat(),
        )
    }

    /// A part along one axis; the others are taken whole.
    ///
    /// # Errors
    /// As [`at`](NdTensor::at), and [`Error::Range`] if there is no such axis.
    pub fn along(&self, axis: i64, index: Index) -> Result<NdTensor, Error> {
        let axis = self.axis(axis)?;
        let mut indices = vec![Index::ALL; axis];
        indices.push(index);
        self.at(&indices)
    }

    /// The same tensor with other numbers at a part of it, which is given by places and ranges of
    /// step 1.
    ///
    /// # Errors
    /// [`Error::Range`] for places that do not exist or other indices; [`Error::Shape`] if the
    /// numbers do not broadcast.
    pub fn with(&self, indices: &[Index], numbers: &NdTensor) -> Result<NdTensor, Error> {
        let complete = self.complete(indices)?;
        let (shape, offset) = (self.shape(), MAX_RANK - self.rank);
        let mut ranges: [std::ops::Range<usize>; MAX_RANK] = std::array::from_fn(|_| 0..1);
        let mut part = Vec::new();
        for (axis, index) in complete.iter().enumerate() {
            ranges[offset + axis] = match index {
                Index::At(place) => {
                    let place = self.place(*place, axis)?;
                    place..place + 1
                }
                Index::Range {
                    start,
                    end,
                    step: 1,
                } => {
                    let (first, count, _) = places(*start, *end, 1, shape[axis])?;
                    part.push(count);
                    first..first + count
                }
                _ => {
                    let want = "places and ranges without a step, where numbers are set";
                    return Err(Error::range("index", want, "another one"));
                }
            };
        }
        let numbers = numbers.broadcast_to(&part)?;
        if numbers.is_empty() {
            return Ok(self.clone());
        }
        let lengths: Vec<usize> = ranges.iter().map(ExactSizeIterator::len).collect();
        let data = each!(numbers.data(), tensor => shaped(tensor, wide(&lengths)?));
        Ok(self.assigned(ranges, &NdTensor::of(data, self.rank)))
    }
}

/// The places that a list or a mask chooses, and the lengths of its axes in the result.
fn chosen_places(
    list: &NdTensor,
    shape: &[usize],
    axis: usize,
) -> Result<(Vec<i64>, Vec<usize>), Error> {
    let Values::Bool(mask) = list.values() else {
        return Ok((places_within(list, shape[axis], axis, shape)?, list.shape()));
    };
    let of = &shape[axis..axis + list.rank()];
    if list.shape() != of {
        return Err(Error::Shape {
            what: "the mask",
            want: format!("of the shape {} that it chooses from", text(of)),
            got: list.shape(),
        });
    }
    let places: Vec<i64> = (0..)
        .zip(&mask)
        .filter(|(_, is)| **is)
        .map(|(place, _)| place)
        .collect();
    let n = places.len();
    Ok((places, vec![n]))
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;
    use burn::tensor::Device;

    fn counted(shape: &[usize]) -> NdTensor {
        let n = shape.iter().product::<usize>();
        floats(&(0..n).map(|i| i as f32).collect::<Vec<_>>(), shape)
    }

    #[test]
    fn indices_are_numpys() {
        // numpy.arange(24).reshape(2, 3, 4)[...]
        let x = counted(&[2, 3, 4]);
        let cases: [(&str, &[usize], &[f64]); 12] = [
            (
                "0",
                &[3, 4],
                &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0],
            ),
            ("-1, 0", &[4], &[12.0, 13.0, 14.0, 15.0]),
            ("1, 2, 3", &[], &[23.0]),
            ("..., 0", &[2, 3], &[0.0, 4.0, 8.0, 12.0, 16.0, 20.0]),
            (":, 1, 1:3", &[2, 2], &[5.0, 6.0, 17.0, 18.0]),
            ("0, ::2, ::-2", &[2, 2], &[3.0, 1.0, 11.0, 9.0]),
            ("0, 0, ::-1", &[4], &[3.0, 2.0, 1.0, 0.0]),
            ("0, 0, -2:", &[2], &[2.0, 3.0]),
            ("0, 0, 2:100", &[2], &[2.0, 3.0]),
            ("0, 0, -2:0:-1", &[2], &[2.0, 1.0]),
            ("0, 0, newaxis, 1", &[1], &[1.0]),
            ("0, 1:1", &[0, 4], &[]),
        ];
        for (source, shape, values) in cases {
            let part = x.at(&parse_indices(source).unwrap()).unwrap();
            assert_eq!(
                (part.shape().as_slice(), part.to_f64().as_slice()),
                (shape, values),
                "{source}"
            );
        }
    }

    #[test]
    fn indices_that_are_none_are_errors() {
        let x = counted(&[2, 3]);
        for (source, want) in [
            (
                "2",
                "`index` must be within -2..=1 for axis 0 of [2, 3], not 2",
            ),
            (
                "0, 0, 0",
                "`index` must be about at most 2 axes for shape [2, 3], not 3",
            ),
            ("..., ...", "`index` must be with one \"...\", not with 2"),
            ("::0", "`step` must be other than 0, not 0"),
        ] {
            assert_eq!(
                x.at(&parse_indices(source).unwrap())
                    .unwrap_err()
                    .to_string(),
                want
            );
        }
        for source in ["", "a", "1:2:3:4", "1.5"] {
            assert!(parse_indices(source).is_err(), "{source}");
        }
    }

    #[test]
    fn lists_and_masks_choose() {
        let x = counted(&[2, 3]);
        let rows = x
            .at(&[Index::ALL, Index::Chosen(ints(&[2, -3], &[2]))])
            .unwrap();
        assert!(rows.same(&floats(&[2.0, 0.0, 5.0, 3.0], &[2, 2])));
        let mask = |values: &[bool], shape: &[usize]| {
            NdTensor::new(Values::Bool(values.to_vec()), shape, &Device::flex()).unwrap()
        };
        let large = mask(&[false, true, false, false, true, true], &[2, 3]);
        assert!(
            x.at(&[Index::Chosen(large)])
                .unwrap()
                .same(&floats(&[1.0, 4.0, 5.0], &[3]))
        );
        let second = x
            .at(&[Index::Chosen(mask(&[false, true], &[2])), Index::At(0)])
            .unwrap();
        assert!(second.same(&floats(&[3.0], &[1])));
        let error = x
            .at(&[Index::Chosen(mask(&[true; 3], &[3]))])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the mask must be of the shape [2] that it chooses from, not [3]"
        );
    }

    #[test]
    fn parts_are_exchanged_and_the_rest_stays() {
        let x = counted(&[2, 3]);
        let at = |source: &str| parse_indices(source).unwrap();
        let changed = x.with(&at(":, 1:"), &floats(&[8.0, 9.0], &[2])).unwrap();
        assert!(changed.same(&floats(&[0.0, 8.0, 9.0, 3.0, 8.0, 9.0], &[2, 3])));
        let changed = x.with(&at("-1"), &floats(&[7.0], &[])).unwrap();
        assert!(changed.same(&floats(&[0.0, 1.0, 2.0, 7.0, 7.0, 7.0], &[2, 3])));
        let error = x
            .with(&at("0"), &floats(&[0.0; 2], &[2]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "what is repeated must be of a shape that broadcasts to [3], not [2]"
        );
    }

    #[test]
    fn gradients_pass_through_parts() {
        let w = counted(&[2, 3]).require_grad();
        let part = w.at(&parse_indices("1, ::-2").unwrap()).unwrap();
        let sum = part
            .reduce(super::super::Reduction::Sum, None, false)
            .unwrap();
        let gradient = w.gradient(&sum.backward().unwrap()).unwrap();
        assert!(gradient.same(&floats(&[0.0, 0.0, 0.0, 1.0, 0.0, 1.0], &[2, 3])));
    }
}

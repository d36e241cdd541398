//! Shapes of one clip on its way through the layers, with axes that only a clip will tell.

use std::fmt;

/// The size of an axis: known, or what is left of an axis of the clip.
///
/// A window of kernel `k`, padding `p` in all and stride `s` leaves `(n + p - k) / s + 1` of `n`. Two
/// sizes are the same if they are so for every clip.
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// A number.
    Known(usize),
    /// An axis by its name, and `p - k` and `s` of every window that has passed over it.
    Of(&'static str, Vec<(isize, usize)>),
}

impl Size {
    /// The size of an axis of the clip, where it is known.
    pub fn axis(name: &'static str, known: Option<usize>) -> Size {
        match known {
            Some(n) => Size::Known(n),
            None => Size::Of(name, Vec::new()),
        }
    }

    /// The number, if it is known.
    pub fn known(&self) -> Option<usize> {
        match self {
            Size::Known(n) => Some(*n),
            Size::Of(..) => None,
        }
    }

    /// The size of two axes laid in one, where both are known; else a number that only a clip tells.
    pub(super) fn times(&self, other: &Size) -> Size {
        match (self.known(), other.known()) {
            (Some(a), Some(b)) => Size::Known(a * b),
            _ => Size::Of("patches", Vec::new()),
        }
    }

    /// What a window leaves; `None` if it is larger than what it passes over.
    pub(super) fn window(&self, kernel: usize, stride: usize, padding: usize) -> Option<Size> {
        match self {
            Size::Known(n) => {
                let free = (n + padding).checked_sub(kernel)?;
                Some(Size::Known(free / stride + 1))
            }
            Size::Of(name, passed) => {
                let mut passed = passed.clone();
                let lost = padding as isize - kernel as isize;
                match passed.last_mut() {
                    _ if (lost, stride) == (-1, 1) => {}
                    // Rounding up twice is rounding up once.
                    Some((-1, before)) if lost == -1 => *before *= stride,
                    _ => passed.push((lost, stride)),
                }
                Some(Size::Of(name, passed))
            }
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Known(n) => n.fmt(f),
            Size::Of(name, passed) => {
                let strides: usize = passed.iter().map(|(_, stride)| stride).product();
                let is_exact = passed.iter().all(|(lost, _)| *lost == -1);
                match (strides, is_exact) {
                    (1, true) => f.write_str(name),
                    (1, false) => write!(f, "about {name}"),
                    (_, true) => write!(f, "{name} / {strides}"),
                    (_, false) => write!(f, "about {name} / {strides}"),
                }
            }
        }
    }
}

/// The shape of one clip at some place.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A map: channels, bands and frames.
    Map(usize, [Size; 2]),
    /// A line, such as a wave: channels and positions.
    Line(usize, Size),
    /// Tokens: how many, and their features.
    Tokens(Size, usize),
    /// A row of numbers.
    Row(usize),
}

impl Shape {
    /// Channels, or the features of a token or a row.
    pub(super) fn channels(&self) -> usize {
        match self {
            Shape::Map(channels, _) | Shape::Line(channels, _) => *channels,
            Shape::Tokens(_, dim) | Shape::Row(dim) => *dim,
        }
    }

    /// The same with other channels or features.
    pub(super) fn with_channels(&self, channels: usize) -> Shape {
        match self.clone() {
            Shape::Map(_, sizes) => Shape::Map(channels, sizes),
            Shape::Line(_, size) => Shape::Line(channels, size),
            Shape::Tokens(n, _) => Shape::Tokens(n, channels),
            Shape::Row(_) => Shape::Row(channels),
        }
    }

    /// The sizes of all axes but that of the channels.
    pub(super) fn positions(&self) -> &[Size] {
        match self {
            Shape::Map(_, sizes) => sizes,
            Shape::Line(_, size) | Shape::Tokens(size, _) => std::slice::from_ref(size),
            Shape::Row(_) => &[],
        }
    }

    /// The numbers of a clip, in the order of its axes; 0 where one is not known.
    pub(super) fn dims(&self) -> Vec<usize> {
        let sizes = self.positions().iter();
        let mut dims: Vec<usize> = sizes.map(|size| size.known().unwrap_or(0)).collect();
        let at = match self {
            Shape::Tokens(..) => dims.len(),
            _ => 0,
        };
        dims.insert(at, self.channels());
        dims
    }

    /// Positions that a kernel stands at, 0 where they are not known.
    pub(super) fn n_positions(&self) -> usize {
        let known = self.positions().iter().map(Size::known);
        known.map(|n| n.unwrap_or(0)).product()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Map(channels, [bands, frames]) => {
                write!(f, "a map [{channels}, {bands}, {frames}]")
            }
            Shape::Line(channels, size) => write!(f, "a line [{channels}, {size}]"),
            Shape::Tokens(n, dim) => write!(f, "tokens [{n}, {dim}]"),
            Shape::Row(dim) => write!(f, "a row [{dim}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_equal_for_every_clip_are_equal() {
        let bands = Size::axis("bands", None);
        let halved = bands.window(3, 2, 2).unwrap();
        assert_eq!(halved, bands.window(1, 2, 0).unwrap());
        assert_ne!(halved, bands);
        assert_eq!(bands.window(3, 1, 2).unwrap(), bands);
        let quartered = halved.window(5, 2, 4).unwrap();
        assert_eq!(quartered, bands.window(1, 4, 0).unwrap());
        assert_eq!(quartered.to_string(), "bands / 4");
        assert_eq!(bands.window(3, 1, 0).unwrap().to_string(), "about bands");
        assert_ne!(bands, Size::axis("frames", None));
    }

    #[test]
    fn a_window_must_fit() {
        assert_eq!(Size::Known(5).window(7, 1, 1), None);
        assert_eq!(Size::Known(5).window(7, 2, 2), Some(Size::Known(1)));
        assert_eq!(Size::Known(9).window(3, 2, 0), Some(Size::Known(4)));
    }
}

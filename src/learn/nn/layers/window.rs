//! What layers with windows share: their parameters, and how a window passes over an axis.

use super::layer::Refusal;
use super::shape::Size;
use crate::Error;
use crate::nn::same_padding;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings};

/// The padding that keeps the size at stride 1.
pub(super) const SAME: [&str; 1] = ["same"];
const MOST: f64 = 8192.0;

/// A parameter with a number for all axes, or one for each.
pub(super) const fn sizes(
    name: &'static str,
    low: f64,
    default: DefaultValue,
    about: &'static str,
) -> Parameter {
    let (words, high) = (&[], MOST);
    Parameter::option(name, Kind::Sizes { words, low, high }, default, about)
}

/// The kernel of a convolution.
pub(super) const KERNEL: Parameter = sizes(
    "kernel",
    1.0,
    DefaultValue::Number(3.0),
    "size of the kernel; an array for bands and frames",
);
/// The stride of a convolution.
pub(super) const STRIDE: Parameter = sizes(
    "stride",
    1.0,
    DefaultValue::Number(1.0),
    "distance of the positions that the kernel stands at; an array for bands and frames",
);
/// The padding of a convolution.
pub(super) const PADDING: Parameter = Parameter::option(
    "padding",
    Kind::Sizes {
        words: &SAME,
        low: 0.0,
        high: MOST,
    },
    DefaultValue::Word("same"),
    "zeros on either side; \"same\" keeps the size at stride 1, the odd one stands behind",
);
/// The dilation of a convolution.
pub(super) const DILATION: Parameter = sizes(
    "dilation",
    1.0,
    DefaultValue::Number(1.0),
    "distance of the kernel's weights; an array for bands and frames",
);
/// The groups of a convolution.
pub(super) const GROUPS: Parameter = Parameter::option(
    "groups",
    Kind::Count {
        low: 1.0,
        high: MOST,
    },
    DefaultValue::Number(1.0),
    "groups of channels that do not see each other; as many as channels for a depthwise one",
);
/// Whether a convolution has a bias.
pub(super) const BIAS: Parameter = Parameter::option(
    "bias",
    Kind::Flag,
    DefaultValue::Flag(true),
    "whether a number is added to every channel",
);

/// A window over `N` axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window<const N: usize> {
    pub(super) kernel: [usize; N],
    pub(super) stride: [usize; N],
    /// Cells before and behind.
    pub(super) padding: [(usize, usize); N],
    pub(super) dilation: [usize; N],
}

/// One number for each of `N` axes.
///
/// # Errors
/// [`Error::Range`] if there are as many as neither one nor `N`.
pub(super) fn per_axis<const N: usize>(
    name: &'static str,
    sizes: &[usize],
) -> Result<[usize; N], Error> {
    match sizes {
        &[one] => Ok([one; N]),
        all => <[usize; N]>::try_from(all)
            .map_err(|_| Error::range(name, format!("a number or {N} of them"), all.len())),
    }
}

impl<const N: usize> Window<N> {
    /// The window of a convolution's settings.
    ///
    /// # Errors
    /// [`Error::Range`] for another number of sizes than axes.
    pub(super) fn of_convolution(settings: &Settings<'_>) -> Result<Window<N>, Error> {
        let dilation = per_axis("dilation", &settings.sizes("dilation"))?;
        Window::of(settings, &settings.sizes("stride"), dilation)
    }

    /// The window of a pool's settings: without gaps, and its stride is its size if not given.
    ///
    /// # Errors
    /// As there; and if there is as much padding as half the window.
    pub(super) fn of_pool(settings: &Settings<'_>) -> Result<Window<N>, Error> {
        let kernel = settings.sizes("kernel");
        let stride = settings.sizes("stride");
        let stride = if stride.is_empty() { kernel } else { stride };
        let window = Window::of(settings, &stride, [1; N])?;
        for ((before, _), kernel) in window.padding.iter().zip(window.kernel) {
            if 2 * before > kernel {
                let want = format!("at most half the window, {}", kernel / 2);
                return Err(Error::range("padding", want, before));
            }
        }
        Ok(window)
    }

    fn of(
        settings: &Settings<'_>,
        stride: &[usize],
        dilation: [usize; N],
    ) -> Result<Window<N>, Error> {
        let kernel = per_axis::<N>("kernel", &settings.sizes("kernel"))?;
        let padding = match settings.chosen("padding") {
            Some(_) => std::array::from_fn(|axis| {
                let all = dilation[axis] * (kernel[axis] - 1);
                (all / 2, all - all / 2)
            }),
            None => per_axis("padding", &settings.sizes("padding"))?.map(|n| (n, n)),
        };
        Ok(Window {
            kernel,
            stride: per_axis("stride", stride)?,
            padding,
            dilation,
        })
    }

    /// What is left of the axes.
    ///
    /// # Errors
    /// [`Refusal::Here`] if one is smaller than the window.
    pub(super) fn pass(&self, sizes: &[Size; N]) -> Result<[Size; N], Refusal> {
        let mut left = sizes.clone();
        for (axis, size) in left.iter_mut().enumerate() {
            let extent = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            let (before, behind) = self.padding[axis];
            let passed = size.window(extent, self.stride[axis], before + behind);
            *size = passed.ok_or_else(|| {
                let least = extent - (before + behind).min(extent - 1);
                Refusal::needs(format!("an axis of at least {least}"))
            })?;
        }
        Ok(left)
    }

    /// Weights of a kernel.
    pub(super) fn n_weights(&self) -> usize {
        self.kernel.iter().product()
    }
}

/// What padding that is SAME in the sense of TensorFlow leaves of an axis: `ceil(n / stride)`.
pub(super) fn same(size: &Size, kernel: usize, stride: usize) -> Size {
    let padding = match size {
        Size::Known(n) => {
            let (before, behind) = same_padding(*n, kernel, stride);
            before + behind
        }
        Size::Of(..) => kernel - 1,
    };
    size.window(kernel, stride, padding)
        .unwrap_or(Size::Known(1))
}

/// The channels that a group of a convolution reads.
///
/// # Errors
/// [`Refusal::Here`] if the groups do not divide the channels.
pub(super) fn of_group(from: usize, groups: usize) -> Result<usize, Refusal> {
    match from.is_multiple_of(groups) {
        true => Ok(from / groups),
        false => Err(Refusal::needs(format!("a multiple of {groups} channels"))),
    }
}

/// Checks that the groups divide what a convolution gives.
///
/// # Errors
/// [`Error::Range`] if they do not.
pub(super) fn check_groups(to: usize, groups: usize) -> Result<(), Error> {
    match to.is_multiple_of(groups) {
        true => Ok(()),
        false => Err(Error::range("groups", format!("a divisor of {to}"), groups)),
    }
}

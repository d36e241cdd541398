//! Sizes of a convolution.

/// Sizes of a convolution of maps, without a bias.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Geometry {
    pub(in super::super) images: usize,
    /// Channels of the input and of the output, those of all groups.
    pub(in super::super) from: usize,
    pub(in super::super) to: usize,
    pub(in super::super) groups: usize,
    /// Rows and columns.
    pub(in super::super) axes: [Axis; 2],
}

/// A convolution along one axis.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Axis {
    pub(in super::super) size: usize,
    pub(in super::super) kernel: usize,
    pub(in super::super) stride: usize,
    pub(in super::super) dilation: usize,
    /// Zeros before and after the input.
    pub(in super::super) padding: (usize, usize),
}

impl Axis {
    /// Outputs; none where the kernel is longer than what it moves over.
    pub(in super::super) fn out(&self) -> usize {
        let span = self.dilation * (self.kernel - 1) + 1;
        let padded = self.size + self.padding.0 + self.padding.1;
        (padded + self.stride)
            .saturating_sub(span)
            .div_euclid(self.stride)
    }

    /// What an output `i` meets under the `k`-th weight: the input `stride * (i + shift) + phase`.
    pub(super) fn tap(&self, k: usize) -> Tap {
        let at = (self.dilation * k) as isize - self.padding.0 as isize;
        let stride = self.stride as isize;
        Tap {
            phase: at.rem_euclid(stride) as usize,
            shift: at.div_euclid(stride),
        }
    }
}

/// What a weight meets along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tap {
    pub(super) phase: usize,
    pub(super) shift: isize,
}

impl Geometry {
    pub(in super::super) fn out_size(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.out())
    }

    /// Values of a channel of the input and of the output.
    pub(super) fn plane_in(&self) -> usize {
        self.axes[0].size * self.axes[1].size
    }

    pub(super) fn plane_out(&self) -> usize {
        self.axes[0].out() * self.axes[1].out()
    }

    /// Weights of a channel of the output to a channel of the input.
    pub(super) fn n_taps(&self) -> usize {
        self.axes[0].kernel * self.axes[1].kernel
    }
}

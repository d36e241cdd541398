//! Two-dimensional convolution as a matrix product of unfolded images.

use super::pieces;
use std::ops::Range;

/// Sizes of a convolution with a square kernel, the same stride and padding on both axes, and no bias.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) images: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) size: [usize; 2],
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

/// Columns of a matrix product that are worth a call: images with small maps are joined until there are as many.
const COLUMNS: usize = 256;

impl Geometry {
    pub(super) fn out_size(&self) -> [usize; 2] {
        self.size
            .map(|n| (n + 2 * self.padding - self.kernel) / self.stride + 1)
    }

    fn positions(&self) -> usize {
        self.out_size()[0] * self.out_size()[1]
    }

    /// Rows of an unfolded image: a row for every weight of an output channel.
    fn rows(&self) -> usize {
        self.from * self.kernel * self.kernel
    }

    fn image(&self) -> usize {
        self.from * self.size[0] * self.size[1]
    }

    /// Images whose columns stand side by side in one product.
    fn group(&self) -> usize {
        COLUMNS
            .div_ceil(self.positions())
            .clamp(1, pieces::piece_len(self.images))
    }

    /// For each offset of the kernel along an axis, the outputs whose input there lies inside the image.
    fn inside(&self, axis: usize) -> Vec<Range<usize>> {
        let (n, out) = (self.size[axis], self.out_size()[axis]);
        (0..self.kernel)
            .map(|offset| {
                let first = self
                    .padding
                    .saturating_sub(offset)
                    .div_ceil(self.stride)
                    .min(out);
                let beyond = n + self.padding;
                let last = if beyond > offset {
                    (beyond - offset - 1) / self.stride + 1
                } else {
                    0
                };
                first..last.clamp(first, out)
            })
            .collect()
    }
}

/// The walk over an image that both unfolding and folding take.
struct Walk {
    g: Geometry,
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
    /// Columns of the unfolded matrix.
    width: usize,
}

impl Walk {
    fn new(g: Geometry) -> Walk {
        Walk {
            g,
            rows: g.inside(0),
            columns: g.inside(1),
            width: g.group() * g.positions(),
        }
    }

    /// An unfolded matrix of zeros. What lies outside an image is never written, so it stays zero from image to image.
    fn matrix(&self) -> Vec<f32> {
        vec![0.0; self.g.rows() * self.width]
    }

    /// Calls `each` with every stretch that image and matrix share: where it begins in the channel, where in the line of
    /// the matrix, and how long it is there.
    #[inline(always)]
    fn stretches(&self, ky: usize, kx: usize, mut each: impl FnMut(usize, usize, usize)) {
        let Geometry {
            size: [_, width],
            stride,
            padding,
            ..
        } = self.g;
        let (xs, out_width) = (&self.columns[kx], self.g.out_size()[1]);
        if xs.is_empty() {
            return;
        }
        for y in self.rows[ky].clone() {
            let from = (y * stride + ky - padding) * width + xs.start * stride + kx - padding;
            each(from, y * out_width + xs.start, xs.len());
        }
    }

    /// Writes an image into the columns of the `index`-th image of a group.
    #[inline(always)]
    fn unfold(&self, image: &[f32], matrix: &mut [f32], index: usize) {
        let Geometry {
            size: [height, width],
            stride,
            kernel,
            ..
        } = self.g;
        let (plane, positions) = (height * width, self.g.positions());
        let mut lines = matrix.chunks_exact_mut(self.width);
        for channel in image.chunks_exact(plane) {
            for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                let Some(line) = lines.next() else { return };
                let line = &mut line[index * positions..][..positions];
                self.stretches(ky, kx, |from, to, len| {
                    if stride == 1 {
                        copy(&mut line[to..to + len], &channel[from..from + len]);
                    } else {
                        let source = channel[from..].iter().step_by(stride);
                        line[to..to + len]
                            .iter_mut()
                            .zip(source)
                            .for_each(|(t, s)| *t = *s);
                    }
                });
            }
        }
    }

    /// Adds the columns of a matrix back to where [`Walk::unfold`] took them from.
    #[inline(always)]
    fn fold(&self, matrix: &[f32], index: usize, image: &mut [f32]) {
        let Geometry {
            size: [height, width],
            stride,
            kernel,
            ..
        } = self.g;
        let (plane, positions) = (height * width, self.g.positions());
        let mut lines = matrix.chunks_exact(self.width);
        for channel in image.chunks_exact_mut(plane) {
            for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                let Some(line) = lines.next() else { return };
                let line = &line[index * positions..][..positions];
                self.stretches(ky, kx, |from, to, len| {
                    let source = &line[to..to + len];
                    if stride == 1 {
                        add(&mut channel[from..from + len], source);
                    } else {
                        channel[from..]
                            .iter_mut()
                            .step_by(stride)
                            .zip(source)
                            .for_each(|(t, s)| *t += s);
                    }
                });
            }
        }
    }
}

/// Copies a row. Rows are short, and a call or a loop of single values for each would cost more than the copy itself: a
/// last part of eight or four may overlap the one before.
#[inline(always)]
fn copy(target: &mut [f32], source: &[f32]) {
    let n = target.len();
    let move_as = |target: &mut [f32], at: usize, len: usize| {
        target[at..at + len].copy_from_slice(&source[at..at + len])
    };
    if n >= 8 {
        for at in (0..n - 7).step_by(8) {
            move_as(target, at, 8);
        }
        move_as(target, n - 8, 8);
    } else if n >= 4 {
        move_as(target, 0, 4);
        move_as(target, n - 4, 4);
    } else {
        target.iter_mut().zip(source).for_each(|(t, s)| *t = *s);
    }
}

/// Adds a row, in fours and what is left.
#[inline(always)]
fn add(target: &mut [f32], source: &[f32]) {
    let (to, to_rest) = target.as_chunks_mut::<4>();
    let (from, from_rest) = source.as_chunks::<4>();
    for (t, s) in to.iter_mut().zip(from) {
        for i in 0..4 {
            t[i] += s[i];
        }
    }
    to_rest.iter_mut().zip(from_rest).for_each(|(t, s)| *t += s);
}

/// `[images, from, h, w]` and `[to, from, k, k]` to `[images, to, oh, ow]`.
pub(super) fn forward(g: Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let (rows, positions, group) = (g.rows(), g.positions(), g.group());
    let mut out = vec![0.0; g.images * g.to * positions];
    pieces::map_into(g.images, &mut out, |images, out| {
        let walk = Walk::new(g);
        let mut matrix = walk.matrix();
        let mut product = vec![
            0.0;
            if group > 1 {
                g.to * group * positions
            } else {
                0
            }
        ];
        for (start, out) in (images.start..images.end)
            .step_by(group)
            .zip(out.chunks_mut(group * g.to * positions))
        {
            let n = (images.end - start).min(group);
            for i in 0..n {
                walk.unfold(&x[(start + i) * g.image()..][..g.image()], &mut matrix, i);
            }
            let unfolded = Matrix {
                columns: n * positions,
                ..Matrix::new(&matrix, rows, walk.width)
            };
            if group == 1 {
                multiply(Matrix::new(weight, g.to, rows), unfolded, out, Into::Fresh);
            } else {
                multiply(
                    Matrix::new(weight, g.to, rows),
                    unfolded,
                    &mut product,
                    Into::Fresh,
                );
                rearrange(&product, [g.to, n], positions, out);
            }
        }
    });
    out
}

/// The gradients of the input, if wanted, and of the weight.
pub(super) fn backward(
    g: Geometry,
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    want_input: bool,
) -> (Option<Vec<f32>>, Vec<f32>) {
    let (rows, positions, group) = (g.rows(), g.positions(), g.group());
    let mut dx = vec![0.0; if want_input { g.images * g.image() } else { 0 }];
    let piece = |images: Range<usize>, mut dx: Option<&mut [f32]>| {
        let walk = Walk::new(g);
        let mut dw = vec![0.0; g.to * rows];
        let mut matrix = walk.matrix();
        let mut unfolded_dx = vec![0.0; if want_input { matrix.len() } else { 0 }];
        let mut gathered = vec![
            0.0;
            if group > 1 {
                g.to * group * positions
            } else {
                0
            }
        ];
        for start in (images.start..images.end).step_by(group) {
            let n = (images.end - start).min(group);
            for i in 0..n {
                walk.unfold(&x[(start + i) * g.image()..][..g.image()], &mut matrix, i);
            }
            let mine = &gradient[start * g.to * positions..][..n * g.to * positions];
            let dy = if group == 1 {
                mine
            } else {
                rearrange(mine, [n, g.to], positions, &mut gathered);
                &gathered[..g.to * n * positions]
            };
            let dy = Matrix::new(dy, g.to, n * positions);
            let unfolded = Matrix {
                columns: n * positions,
                ..Matrix::new(&matrix, rows, walk.width)
            };
            multiply(dy, unfolded.transposed(), &mut dw, Into::Sum);
            if let Some(dx) = dx.as_deref_mut() {
                multiply_strided(
                    Matrix::new(weight, g.to, rows).transposed(),
                    dy,
                    &mut unfolded_dx,
                    walk.width,
                );
                for i in 0..n {
                    let image = &mut dx[(start - images.start + i) * g.image()..][..g.image()];
                    walk.fold(&unfolded_dx, i, image);
                }
            }
        }
        dw
    };
    let parts = if want_input {
        pieces::map_into(g.images, &mut dx, |images, dx| piece(images, Some(dx)))
    } else {
        pieces::map(g.images, |images| piece(images, None))
    };
    (want_input.then_some(dx), pieces::sum(parts))
}

/// From `[a, b, positions]` to `[b, a, positions]`.
#[inline(always)]
fn rearrange(values: &[f32], [a, b]: [usize; 2], positions: usize, out: &mut [f32]) {
    for i in 0..a {
        for j in 0..b {
            let source = &values[(i * b + j) * positions..][..positions];
            copy(&mut out[(j * a + i) * positions..][..positions], source);
        }
    }
}

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], rows: usize, columns: usize) -> Matrix<'a> {
        assert!(
            values.len() >= rows * columns,
            "a matrix of {rows} x {columns} needs as many values"
        );
        Matrix {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    fn transposed(self) -> Matrix<'a> {
        Matrix {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// What becomes of the old content of the result.
#[derive(Clone, Copy, PartialEq)]
enum Into {
    /// It is replaced.
    Fresh,
    /// The product is added to it.
    Sum,
}

/// `out (+)= a b`, row-major, on this thread.
fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], into: Into) {
    product(a, b, out, b.columns, into);
}

/// `out = a b` into the left columns of lines of `width`.
fn multiply_strided(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], width: usize) {
    product(a, b, out, width, Into::Fresh);
}

#[expect(
    unsafe_code,
    reason = "the matrix product of the back end takes pointers; the lengths are checked here"
)]
fn product(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], width: usize, into: Into) {
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert!(
        b.rows == k && n <= width && out.len() >= m * width,
        "the factors and the result fit"
    );
    let stride = |stride: usize| stride as isize;
    // SAFETY: `Matrix::new` checked that rows and columns stay inside the values, transposing only swaps them, leaving out
    // columns only narrows them, and the result was checked above. The three do not overlap: `out` is borrowed mutably.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride(width),
            into == Into::Sum,
            a.values.as_ptr(),
            stride(a.column_stride),
            stride(a.row_stride),
            b.values.as_ptr(),
            stride(b.column_stride),
            stride(b.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

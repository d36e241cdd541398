//! Attention of tokens to each other, in blocks of rows.
//!
//! The matrix of all pairs of tokens is never held: a block of its rows is made, used and forgotten, and made again for the
//! gradient from what a row's exponentials sum up to (Dao et al., "FlashAttention", 2022). Tokens stay where the layer
//! before them wrote them; heads are read by strides.

use super::math::exp;
use pulp::Arch;
use rayon::prelude::*;

/// Rows of the matrix that are made at once.
const ROWS: usize = 64;

/// Sizes of `[batch, n, 3 heads head]`: queries, keys and values of every head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) n: usize,
    pub(super) heads: usize,
    /// Features of a head.
    pub(super) head: usize,
}

impl Sizes {
    /// Features of a token behind the attention.
    pub(super) fn dim(&self) -> usize {
        self.heads * self.head
    }

    fn scale(&self) -> f32 {
        (self.head as f32).sqrt().recip()
    }

    /// The queries, the keys or the values of a head: where the first row begins in the tokens.
    fn first(&self, task: usize, part: usize) -> usize {
        let (image, head) = (task / self.heads, task % self.heads);
        image * self.n * 3 * self.dim() + part * self.dim() + head * self.head
    }

    /// Rows `[n, head]` of a head of the output or its gradient.
    fn output<'a>(&self, values: &'a [f32], task: usize) -> Rows<'a> {
        let (image, head) = (task / self.heads, task % self.heads);
        Rows {
            values: &values[image * self.n * self.dim() + head * self.head..],
            step: self.dim(),
        }
    }

    fn part<'a>(&self, tokens: &'a [f32], task: usize, part: usize) -> Rows<'a> {
        Rows {
            values: &tokens[self.first(task, part)..],
            step: 3 * self.dim(),
        }
    }

    /// Parts `[n, head]` of all tasks, as rows of `parts * dim` features.
    fn joined(&self, tasks: &[Vec<f32>], parts: usize) -> Vec<f32> {
        let (n, head, row) = (self.n, self.head, parts * self.dim());
        let mut out = vec![0.0; self.batch * n * row];
        out.par_chunks_mut(row.max(1))
            .enumerate()
            .for_each(|(token, out)| {
                let (image, token) = (token / n, token % n);
                for (i, out) in out.chunks_exact_mut(head).enumerate() {
                    let (part, of_head) = (i / self.heads, i % self.heads);
                    let task = &tasks[image * self.heads + of_head];
                    out.copy_from_slice(&task[(part * n + token) * head..][..head]);
                }
            });
        out
    }
}

/// Rows of numbers that stand apart.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    step: usize,
}

impl<'a> Rows<'a> {
    fn from(self, row: usize) -> Rows<'a> {
        Rows {
            values: &self.values[row * self.step..],
            ..self
        }
    }

    fn row(self, row: usize, columns: usize) -> &'a [f32] {
        &self.values[row * self.step..][..columns]
    }

    fn matrix(self, rows: usize, columns: usize) -> Matrix<'a> {
        let needed = rows.saturating_sub(1) * self.step + columns;
        assert!(rows == 0 || self.values.len() >= needed, "rows are there");
        Matrix {
            values: self.values,
            size: [rows, columns],
            steps: [self.step, 1],
        }
    }
}

/// The output, and of every row of every head the logarithm of what its exponentials sum up to.
pub(super) fn forward(s: Sizes, tokens: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let arch = Arch::new();
    let tasks: Vec<(Vec<f32>, Vec<f32>)> = (0..s.batch * s.heads)
        .into_par_iter()
        .map(|task| {
            let [q, k, v] = [0, 1, 2].map(|part| s.part(tokens, task, part));
            let (k, v) = (k.matrix(s.n, s.head), v.matrix(s.n, s.head));
            let mut out = vec![0.0; s.n * s.head];
            let mut sums = vec![0.0; s.n];
            let mut scores = vec![0.0; ROWS.min(s.n) * s.n];
            for (block, out) in out.chunks_mut(ROWS * s.head).enumerate() {
                let start = block * ROWS;
                let rows = out.len() / s.head;
                let scores = &mut scores[..rows * s.n];
                let q = q.from(start).matrix(rows, s.head);
                product(q, k.transposed(), scores, 0.0, s.scale());
                let sums = &mut sums[start..][..rows];
                arch.dispatch(|| {
                    for (row, sum) in scores.chunks_exact_mut(s.n).zip(sums) {
                        *sum = softmax(row);
                    }
                });
                product(Matrix::new(scores, [rows, s.n]), v, out, 0.0, 1.0);
            }
            (out, sums)
        })
        .collect();
    let (outs, sums): (Vec<_>, Vec<_>) = tasks.into_iter().unzip();
    (s.joined(&outs, 1), sums.concat())
}

/// Makes a row sum up to 1, and gives the logarithm of the sum of its exponentials.
#[inline(always)]
fn softmax(row: &mut [f32]) -> f32 {
    let most = folded(row, f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = exp(*x - most));
    let sum = folded(row, 0.0, |a, b| a + b);
    let scale = 1.0 / sum;
    row.iter_mut().for_each(|x| *x *= scale);
    most + sum.ln()
}

/// A row folded in sixteen accumulators.
#[inline(always)]
fn folded(row: &[f32], start: f32, fold: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<16>();
    let mut all = [start; 16];
    for chunk in chunks {
        for (all, value) in all.iter_mut().zip(chunk) {
            *all = fold(*all, *value);
        }
    }
    let all = all.into_iter().fold(start, &fold);
    rest.iter().copied().fold(all, &fold)
}

/// The gradient of the tokens.
pub(super) fn backward(
    s: Sizes,
    tokens: &[f32],
    out: &[f32],
    sums: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    let arch = Arch::new();
    let tasks: Vec<Vec<f32>> = (0..s.batch * s.heads)
        .into_par_iter()
        .map(|task| {
            let [q, k, v] = [0, 1, 2].map(|part| s.part(tokens, task, part));
            let (k, v) = (k.matrix(s.n, s.head), v.matrix(s.n, s.head));
            let (out, gradient) = (s.output(out, task), s.output(gradient, task));
            let sums = &sums[task * s.n..][..s.n];
            let mut all = vec![0.0; 3 * s.n * s.head];
            let (dq, dkv) = all.split_at_mut(s.n * s.head);
            let (dk, dv) = dkv.split_at_mut(s.n * s.head);
            let mut p = vec![0.0; ROWS.min(s.n) * s.n];
            let mut ds = p.clone();
            for (block, dq) in dq.chunks_mut(ROWS * s.head).enumerate() {
                let start = block * ROWS;
                let rows = dq.len() / s.head;
                let (p, ds) = (&mut p[..rows * s.n], &mut ds[..rows * s.n]);
                let q = q.from(start).matrix(rows, s.head);
                let (out, gradient) = (out.from(start), gradient.from(start));
                let dy = gradient.matrix(rows, s.head);
                product(q, k.transposed(), p, 0.0, s.scale());
                product(dy, v.transposed(), ds, 0.0, 1.0);
                arch.dispatch(|| {
                    for i in 0..rows {
                        let (y, dy) = (out.row(i, s.head), gradient.row(i, s.head));
                        let pairs = y.iter().zip(dy);
                        let mean = pairs.map(|(y, dy)| y * dy).sum::<f32>();
                        let sum = sums[start + i];
                        let p = &mut p[i * s.n..][..s.n];
                        let ds = &mut ds[i * s.n..][..s.n];
                        for (p, ds) in p.iter_mut().zip(ds) {
                            *p = exp(*p - sum);
                            *ds = *p * (*ds - mean);
                        }
                    }
                });
                let p = Matrix::new(p, [rows, s.n]);
                let ds = Matrix::new(ds, [rows, s.n]);
                product(p.transposed(), dy, dv, 1.0, 1.0);
                product(ds, k, dq, 0.0, s.scale());
                product(ds.transposed(), q, dk, 1.0, s.scale());
            }
            all
        })
        .collect();
    s.joined(&tasks, 3)
}

/// A matrix by its strides.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    size: [usize; 2],
    steps: [usize; 2],
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], [rows, columns]: [usize; 2]) -> Matrix<'a> {
        Rows {
            values,
            step: columns,
        }
        .matrix(rows, columns)
    }

    fn transposed(self) -> Matrix<'a> {
        let ([rows, columns], [a, b]) = (self.size, self.steps);
        Matrix {
            values: self.values,
            size: [columns, rows],
            steps: [b, a],
        }
    }
}

/// `out = keep * out + scale * a b`, row-major, on this thread.
#[expect(
    unsafe_code,
    reason = "the matrix product of the back end takes pointers; the lengths are checked here"
)]
fn product(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], keep: f32, scale: f32) {
    let ([m, k], [inner, n]) = (a.size, b.size);
    assert!(
        k == inner && out.len() == m * n,
        "the factors and the result fit"
    );
    let stride = |stride: usize| stride as isize;
    // SAFETY: `Rows::matrix` checked that rows and columns stay inside the values, transposing only swaps them, and the
    // result was checked above. The three do not overlap: `out` is borrowed mutably.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride(n),
            keep != 0.0,
            a.values.as_ptr(),
            stride(a.steps[1]),
            stride(a.steps[0]),
            b.values.as_ptr(),
            stride(b.steps[1]),
            stride(b.steps[0]),
            keep,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

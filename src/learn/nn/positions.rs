//! Tables of positions for grids of another size.

use burn::tensor::{Tensor, TensorData};

/// Fits a table `[1, rows * columns, dim]`, whose index is `row * columns + column`, to another grid.
///
/// An axis that shrinks or stays is cut to its middle, from `old / 2 - new / 2`; one that grows is interpolated linearly
/// between the centres of its cells. Gong et al., "AST: Audio Spectrogram Transformer", 2021, and its code.
pub fn resize_positions(table: Tensor<3>, from: [usize; 2], to: [usize; 2]) -> Tensor<3> {
    if from == to {
        return table;
    }
    let dim = table.dims()[2];
    let device = table.device();
    let [rows, columns] = [0, 1].map(|axis| {
        let shape = [to[axis], from[axis]];
        Tensor::<2>::from_data(
            TensorData::new(weights(from[axis], to[axis]), shape),
            &device,
        )
    });
    let table = rows.matmul(table.reshape([from[0], from[1] * dim]));
    let table = table.reshape([to[0], from[1], dim]).swap_dims(0, 1);
    let table = columns.matmul(table.reshape([from[1], to[0] * dim]));
    let table = table.reshape([to[1], to[0], dim]).swap_dims(0, 1);
    table.reshape([1, to[0] * to[1], dim])
}

/// The matrix `[new, old]` that cuts an axis or interpolates it.
fn weights(old: usize, new: usize) -> Vec<f32> {
    let mut matrix = vec![0.0; new * old];
    for (index, row) in matrix.chunks_exact_mut(old).enumerate() {
        if new <= old {
            row[old / 2 - new / 2 + index] = 1.0;
            continue;
        }
        let at = ((index as f64 + 0.5) * old as f64 / new as f64 - 0.5).max(0.0);
        let below = (at as usize).min(old - 1);
        let share = at - below as f64;
        row[below] += (1.0 - share) as f32;
        row[(below + 1).min(old - 1)] += share as f32;
    }
    matrix
}

//! The numbers of a sound: from the gradient of each back to that of the raw parameters.

use crate::program::{Program, Selection, Source};
use crate::render::control::{EXPONENT, soft};
use std::f64::consts::LN_10;

/// Goes back through what is computed from other numbers, then through the curves of the parameters.
pub(super) fn to_raw<T: Copy + Into<f64>>(
    program: &Program,
    values: &[f64],
    gradients: &mut [f64],
    row: &[T],
) -> Vec<f64> {
    for &(scalar, _, amplitude) in program.amplitudes.iter().rev() {
        gradients[scalar] += gradients[amplitude] * values[amplitude] * LN_10 / 20.0;
    }
    for &(scalar, complement) in program.complements.iter().rev() {
        gradients[scalar] -= gradients[complement];
    }
    for weights in program.weights.iter().rev() {
        if weights.selection == Selection::Soft {
            let modes: Vec<f64> = weights.modes.iter().map(|&mode| values[mode]).collect();
            let made = gradients[weights.first..weights.first + modes.len()].to_vec();
            for (&mode, gradient) in weights.modes.iter().zip(soft_gradient(&modes, &made)) {
                gradients[mode] += gradient;
            }
        }
    }
    let mut raw = vec![0.0; row.len()];
    for (source, gradient) in program.scalars.iter().zip(gradients) {
        if let Source::Free { parameter, mapping } = *source {
            raw[parameter] += *gradient * mapping.slope(row[parameter].into());
        }
    }
    raw
}

/// The gradient of the numbers behind soft weights `w_i = m_i^e / S`: `dw_i / dm_j = e m_j^(e - 1) / S (i = j) - w_i e
/// m_j^(e - 1) / S`.
pub(super) fn soft_gradient(modes: &[f64], of_weights: &[f64]) -> Vec<f64> {
    let sum: f64 = modes.iter().map(|&mode| libm::pow(mode, EXPONENT)).sum();
    if sum <= 0.0 {
        return vec![0.0; modes.len()];
    }
    let mean = super::reverse::dot(&soft(modes), of_weights);
    let one = |(&mode, &of_weight): (&f64, &f64)| {
        EXPONENT * libm::pow(mode, EXPONENT - 1.0) / sum * (of_weight - mean)
    };
    modes.iter().zip(of_weights).map(one).collect()
}

//! Losses and their gradients.

use super::{cases, device, values};
use crate::loss::{
    AlignUniform, Clar, CrossEntropy, Join, Mixing, Negatives, PatchMix, Positives, align,
    align_uniform, clar, cross_entropy, inverse_frequency, nt_xent, nt_xent_per_anchor,
    patch_mix_ce, patch_mix_contrastive, patch_mix_per_row, supcon, supcon_per_anchor, uniform,
};
use serde_json::Value as Json;

#[test]
fn nt_xent_and_its_gradients() {
    for case in cases("nt_xent") {
        let (a, b) = (
            case.tensor::<2>("z1", &device()).require_grad(),
            case.tensor::<2>("z2", &device()).require_grad(),
        );
        let temperature = case.params["temperature"].as_f64().unwrap();
        let loss = nt_xent(a.clone(), b.clone(), temperature).unwrap();
        // Inputs that are said not to need normalization have length 1 already; normalizing again
        // changes values by rounding alone, but takes the part of the gradient along the row away.
        let normalizes = case.params["normalize"] == true;
        case.check("loss", &values(loss.clone()));
        case.check(
            "per_anchor",
            &values(nt_xent_per_anchor(a.clone(), b.clone(), temperature).unwrap()),
        );
        if normalizes {
            let gradients = loss.backward();
            case.check("grad_z1", &values(a.grad(&gradients).unwrap()));
            case.check("grad_z2", &values(b.grad(&gradients).unwrap()));
        }
    }
}

#[test]
fn alignment_and_uniformity_and_their_gradients() {
    for case in cases("align_uniform") {
        let (x, y) = (
            case.tensor::<2>("x", &device()).require_grad(),
            case.tensor::<2>("y", &device()).require_grad(),
        );
        let alignment = align(x.clone(), y.clone(), case.number("alpha")).unwrap();
        let (ux, uy) = (
            uniform(x.clone(), case.number("t")).unwrap(),
            uniform(y.clone(), case.number("t")).unwrap(),
        );
        let options = AlignUniform {
            alpha: case.number("alpha"),
            t: case.number("t"),
            align: case.number("w_align"),
            uniform: case.number("w_uniform"),
        };
        let loss = align_uniform(x.clone(), y.clone(), &options).unwrap();
        case.check("align", &values(alignment));
        case.check("uniform_x", &values(ux));
        case.check("uniform_y", &values(uy));
        case.check("loss", &values(loss.clone()));
        let gradients = loss.backward();
        case.check("grad_x", &values(x.grad(&gradients).unwrap()));
        case.check("grad_y", &values(y.grad(&gradients).unwrap()));
    }
}

#[test]
fn supervised_contrast_in_every_variant_and_its_gradients() {
    for case in cases("supcon") {
        let labels = case.some_labels("labels");
        let temperature = case.number("temperature");
        for (name, positives) in Positives::WORDS {
            let z = case.tensor::<2>("z", &device()).require_grad();
            let terms = supcon_per_anchor(z.clone(), &labels, temperature, positives).unwrap();
            case.check(&format!("{name}.per_anchor"), &values(terms));
            let loss = supcon(z.clone(), &labels, temperature, positives).unwrap();
            case.check(&format!("{name}.loss"), &values(loss.clone()));
            let gradients = loss.backward();
            let slope = values(z.grad(&gradients).unwrap());
            case.check(&format!("{name}.grad_z"), &slope);
        }
    }
}

#[test]
fn clar_with_labels_that_are_missing_and_its_gradients() {
    for case in cases("clar_loss") {
        let labels = case.some_labels("labels");
        for (name, ce) in Join::WORDS {
            let names = ["z1", "z2", "logits1", "logits2"];
            let inputs = names.map(|name| case.tensor::<2>(name, &device()).require_grad());
            let [a, b, first, second] = inputs.clone();
            let options = Clar {
                temperature: case.number("temperature"),
                ce,
                ce_weight: 1.0,
            };
            let contrast = nt_xent(a.clone(), b.clone(), options.temperature).unwrap();
            case.check(&format!("{name}.nt_xent"), &values(contrast));
            for (logits, term) in [(&first, "ce1"), (&second, "ce2")] {
                let plain = CrossEntropy::default();
                let supervised = cross_entropy(logits.clone(), &labels, &plain).unwrap();
                case.check(&format!("{name}.{term}"), &values(supervised));
            }
            let loss = clar(a, b, [first, second], &labels, &options).unwrap();
            case.check(&format!("{name}.loss"), &values(loss.clone()));
            let gradients = loss.backward();
            for (input, of) in inputs.iter().zip(names) {
                let slope = values(input.grad(&gradients).unwrap());
                case.check(&format!("{name}.grad_{of}"), &slope);
            }
        }
    }
}

#[test]
fn patch_mix_replaces_tokens() {
    for case in cases("patch_mix_tokens") {
        let tokens = case.tensor::<3>("tokens", &device());
        let columns = case.params["time_domain"] == true;
        let [_, n, _] = tokens.dims();
        let grid = match &case.params["grid"] {
            Json::Array(grid) => [0, 1].map(|axis| grid[axis].as_u64().unwrap() as usize),
            _ => [1, n],
        };
        let (partner, places) = (case.labels("partner"), case.labels("positions"));
        let mix = PatchMix::at(partner, &places, grid, columns).unwrap();
        case.check("lambda", &[mix.mixing.kept]);
        case.check("mixed", &values(mix.apply(tokens).unwrap()));
        let n_places = if columns { grid[1] } else { n };
        let count = PatchMix::count(n_places, case.number("lambda_drawn"));
        assert_eq!(count, places.len(), "{}", case.id);
    }
}

#[test]
fn patch_mix_cross_entropy_and_its_gradient() {
    for case in cases("patch_mix_ce") {
        let logits = case.tensor::<2>("logits", &device()).require_grad();
        let labels = case.some_labels("labels");
        let mixing = Mixing {
            kept: case.number("lambda"),
            partner: case.labels("partner"),
        };
        let weighted = case.params["weighted"] == true;
        let class_weights =
            weighted.then(|| inverse_frequency(case.input("class_counts")).unwrap());
        if let Some(weights) = &class_weights {
            case.check("class_weights", weights);
        }
        let options = CrossEntropy {
            class_weights,
            label_smoothing: 0.0,
        };
        let theirs: Vec<_> = mixing.partner.iter().map(|&row| labels[row]).collect();
        for (labels, name) in [(&labels, "ce_self"), (&theirs, "ce_partner")] {
            let term = cross_entropy(logits.clone(), labels, &options).unwrap();
            case.check(name, &values(term));
        }
        let loss = patch_mix_ce(logits.clone(), &labels, &mixing, &options).unwrap();
        case.check("loss", &values(loss.clone()));
        let gradients = loss.backward();
        case.check("grad_logits", &values(logits.grad(&gradients).unwrap()));
    }
}

#[test]
fn patch_mix_contrast_with_either_negatives_and_its_gradients() {
    for case in cases("patch_mix_contrastive") {
        let labels = case.some_labels("labels");
        let temperature = case.number("temperature");
        let mixing = Mixing {
            kept: case.number("lambda"),
            partner: case.labels("partner"),
        };
        for (name, negatives) in Negatives::WORDS {
            let targets = case.tensor::<2>("targets", &device()).require_grad();
            let mixed = case.tensor::<2>("mixed", &device()).require_grad();
            let (g, t) = (mixed.clone(), targets.clone());
            let rows = patch_mix_per_row(g, t, &labels, &mixing, temperature, negatives).unwrap();
            case.check(&format!("{name}.per_row"), &values(rows));
            let (g, t) = (mixed.clone(), targets.clone());
            let loss = patch_mix_contrastive(g, t, &labels, &mixing, temperature, negatives);
            let loss = loss.unwrap();
            case.check(&format!("{name}.loss"), &values(loss.clone()));
            let gradients = loss.backward();
            let slope = values(targets.grad(&gradients).unwrap());
            case.check(&format!("{name}.grad_targets"), &slope);
            let slope = values(mixed.grad(&gradients).unwrap());
            case.check(&format!("{name}.grad_mixed"), &slope);
        }
    }
}

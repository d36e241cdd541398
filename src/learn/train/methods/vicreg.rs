//! VICReg: invariance, variance and covariance of two views.
//!
//! Bardes et al., "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", 2022: two views of
//! every clip, an encoder and a wide projector, neither negatives nor a copy.

use super::super::described::{MethodDeclaration, MethodFacts};
use super::parameters::{HIDDEN, check_loss, loss, projection};
use super::two_views::TwoViews;
use crate::loss;
use auricle_audio::declare::{DefaultInside, Inside};

pub(super) static VICREG: MethodDeclaration = MethodDeclaration {
    name: "vicreg",
    about: "Describes training by VICReg: views of a clip agree, features vary and do not covary.",
    citation: "Bardes et al., 2022; its projector has 8192 features",
    parameters: &[
        loss(
            &Inside {
                what: "`vicreg(...)`",
                check: |param, nested| {
                    let name = loss::VICREG.name;
                    check_loss(param, nested, "`vicreg(...)`", |loss| loss.name == name)
                },
            },
            &DefaultInside(|| loss::VICREG.value()),
            "the loss with weights of its own",
        ),
        projection(256.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "VICReg",
        n_views: 2,
    },
    example: "let run = vicreg(model, data, options); assert(run.fit().losses.len() == 1)",
    build: TwoViews::build,
};

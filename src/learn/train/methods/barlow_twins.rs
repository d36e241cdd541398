//! Barlow Twins: the views of a clip correlate, the features of a view do not.
//!
//! Zbontar et al., "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", 2021: two views of every clip, an
//! encoder and a wide projector, whose cross-correlation is drawn to the identity.

use super::super::described::{MethodDeclaration, MethodFacts};
use super::parameters::{HIDDEN, check_loss, loss, projection};
use super::two_views::TwoViews;
use crate::loss;
use auricle_audio::declare::{DefaultInside, Inside};

pub(super) static BARLOW_TWINS: MethodDeclaration = MethodDeclaration {
    name: "barlow_twins",
    about: "Describes training by Barlow Twins: the cross-correlation of both views is drawn to the \
        identity.",
    citation: "Zbontar et al., 2021; its projector has 8192 features",
    parameters: &[
        loss(
            &Inside {
                what: "`barlow_twins(...)`",
                check: |param, nested| {
                    let name = loss::BARLOW_TWINS.name;
                    check_loss(param, nested, "`barlow_twins(...)`", |loss| {
                        loss.name == name
                    })
                },
            },
            &DefaultInside(|| loss::BARLOW_TWINS.value()),
            "the loss with weights of its own",
        ),
        projection(256.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "Barlow Twins",
        n_views: 2,
    },
    example: "let run = barlow_twins(model, data, options); assert(run.fit().losses.len() == 1)",
    build: TwoViews::build,
};

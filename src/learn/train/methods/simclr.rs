//! SimCLR: two views of every clip, an encoder, a projector, a contrastive loss.
//!
//! Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", 2020: two views of every clip, an
//! encoder, a projector, NT-Xent; or any other loss of two views.

use super::super::described::{MethodDeclaration, MethodFacts};
use super::parameters::{HIDDEN, check_loss, loss, projection};
use super::two_views::TwoViews;
use crate::loss::NT_XENT;
use auricle_audio::declare::{DefaultInside, Inside};

pub(super) static SIMCLR: MethodDeclaration = MethodDeclaration {
    name: "simclr",
    about: "Describes contrastive training by SimCLR; `run.fit()` trains.",
    citation: "Chen et al., 2020; projector and optimizer defaults after CLAR's code and for a CPU",
    parameters: &[
        loss(
            &Inside {
                what: "a loss of two views",
                check: |param, nested| {
                    let want = "a loss of two views, such as `nt_xent(0.5)`";
                    check_loss(param, nested, want, |loss| loss.facts.views)
                },
            },
            &DefaultInside(|| NT_XENT.value()),
            "a loss of two views; labels are not looked at, but by `supcon`",
        ),
        projection(64.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "SimCLR",
        n_views: 2,
    },
    example: "let run = simclr(model, data, options + #{ loss: dcl(0.2) }); \
        assert(run.fit().losses.len() == 1)",
    build: TwoViews::build,
};

//! Parameters that several methods have.

use crate::loss::{Loss, LossDeclaration};
use auricle_audio::declare::{
    ABOVE_ZERO, DefaultInside, DefaultValue, Inside, Kind, Nested, Parameter, Settings,
};

/// The loss that a method trains by.
pub(super) const fn loss(
    kind: &'static Inside,
    default: &'static DefaultInside,
    about: &'static str,
) -> Parameter {
    let default = DefaultValue::Inside(default);
    Parameter::option("loss", Kind::Nested(kind), default, about)
}

/// The loss that was given, or declared.
pub(super) fn loss_of(settings: &Settings<'_>) -> Loss {
    let loss = settings.inside::<Loss>("loss");
    loss.expect("a loss has a default").clone()
}

/// Checks that a value inside is a loss of which something holds.
pub(super) fn check_loss(
    param: &'static str,
    nested: &Nested,
    want: &'static str,
    holds: impl Fn(&'static LossDeclaration) -> bool,
) -> Result<(), auricle_audio::Error> {
    match nested.get::<Loss>() {
        Some(loss) if holds(loss.declaration()) => Ok(()),
        _ => Err(auricle_audio::Error::range(param, want, nested.source())),
    }
}

/// Features of the projector's output.
pub(super) const fn projection(default: f64) -> Parameter {
    Parameter::option(
        "projection",
        FEATURES,
        DefaultValue::Number(default),
        "features of the projector's output",
    )
}

/// Features of the projector's hidden layers.
pub(super) const HIDDEN: Parameter = Parameter::option(
    "hidden",
    FEATURES,
    DefaultValue::Absent,
    "features of the projector's hidden layers; as many as the encoder gives if not given",
);

const FEATURES: Kind = Kind::Count {
    low: 1.0,
    high: f64::INFINITY,
};

/// The share of clips whose labels are looked at.
pub(super) const LABEL_FRACTION: Parameter = Parameter::option(
    "label_fraction",
    Kind::Number {
        low: ABOVE_ZERO,
        high: 1.0,
    },
    DefaultValue::Number(1.0),
    "share of every class whose labels are looked at; which clips, the seed says",
);

/// The share of a moving average that a step leaves.
pub(super) const fn momentum(default: f64, about: &'static str) -> Parameter {
    let kind = Kind::Number {
        low: 0.0,
        high: 1.0,
    };
    Parameter::option("momentum", kind, DefaultValue::Number(default), about)
}

//! How an epoch takes its clips.

/// How an epoch takes its clips where they come in an order of its own. As usual: every clip once.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sampling {
    /// Whether every class stands as often as every other one; clips of a rare one stand several times.
    pub balance: bool,
    /// Share of labelled clips in every batch, above 0 and below 1; as it comes if `None`.
    pub labelled: Option<f64>,
}

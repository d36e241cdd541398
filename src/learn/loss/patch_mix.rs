//! Patch-Mix: parts of one clip's tokens in another's, and the losses that know it.
//!
//! Kim et al., "Patch-Mix Contrastive Learning with Audio Spectrogram Transformer on Respiratory
//! Sound Classification", 2023. Tokens of every clip are replaced by those of a partner at places
//! that are the same for the whole batch, after patch embedding and before positions are added. A
//! clip then belongs to its own label by the share of tokens that it kept, and to its partner's by
//! the rest.

use super::cross_entropy::{CLASS_WEIGHTS, LABEL_SMOOTHING};
use super::described::{
    Input, LABELS, LAMBDA, LossDeclaration, LossFacts, PARTNER, Reads, computed,
};
use super::mixing::Mixing;
use super::nt_xent::TEMPERATURE;
use super::similarity::WEIGHT;
use super::similarity::{
    as_numbers, check_labels, check_positive, check_rows, check_share, check_weight, classes,
    indices, log_softmax_without, normalized, own, pairs, same, similarities,
};
use super::{CrossEntropy, cross_entropy};
use crate::Error;
use auricle_audio::Rng;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Tensor};

const SOURCE: &str = "Kim et al., 2023";
const MIXED: Input = Input::rows("mixed", "projections of the mixed clips, [batch, dim]");
const CLEAN: Input = Input::rows(
    "clean",
    "features or projections of the clean clips, [batch, dim]",
);
const CONTRAST_TEMPERATURE: Parameter = Parameter::option(
    "temperature",
    TEMPERATURE,
    DefaultValue::Number(0.06),
    "temperature of the contrast",
)
.always_printed();
const NEGATIVES: Parameter = Parameter::option(
    "negatives",
    Kind::Word(&words(&Negatives::WORDS)),
    DefaultValue::Word("all"),
    "clean clips in the denominator: \"all\", or those of another label, \"diff_label\"",
);

/// See [`patch_mix_loss`].
pub static PATCH_MIX_LOSS: LossDeclaration = LossDeclaration {
    name: "patch_mix_loss",
    about: "Computes the cross entropy of clean clips plus the contrast of mixed clips with both \
        clips they are made of; without tensors, describes it.",
    citation: SOURCE,
    parameters: &[
        CONTRAST_TEMPERATURE,
        Parameter::option(
            "weight",
            WEIGHT,
            DefaultValue::Number(1.0),
            "weight of the contrast",
        ),
        Parameter::option(
            "target",
            Kind::Word(&words(&Target::WORDS)),
            DefaultValue::Word("grad_block"),
            "what mixed clips are drawn to: features or projections of clean clips, whose \
                gradient is blocked or flows",
        ),
        NEGATIVES,
    ],
    facts: LossFacts {
        views: false,
        inputs: &[
            MIXED,
            CLEAN,
            LABELS,
            Input::option(
                "logits",
                Reads::Logits,
                "logits of the clean clips, [batch, classes]",
            ),
            PARTNER,
            LAMBDA,
        ],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); \
        let l = patch_mix_loss(x, x, [0, 1], #{ logits: x, partner: [1, 0], lambda: 0.5, temperature: 1 }); \
        assert_near(l.item(), 2 * ln(1 + exp(-1.0)) + 0.5, 1e-5)",
    build: |settings| {
        let options = PatchMixLoss {
            temperature: settings.number("temperature"),
            weight: settings.number("weight"),
            target: settings.word("target", &Target::WORDS),
            negatives: settings.word("negatives", &Negatives::WORDS),
        };
        computed(move |given| {
            let name = PATCH_MIX_LOSS.name;
            let labels = given.labels_for(name)?;
            let [mixed, clean] = given.two(name, MIXED_AND_CLEAN)?;
            let logits = given.one_of_logits(name, "the logits of the clean clips")?;
            patch_mix_loss(
                mixed,
                clean,
                logits,
                labels,
                given.mixing_for(name)?,
                &options,
            )
        })
    },
};

/// See [`patch_mix_ce`].
pub(super) static PATCH_MIX_CE: LossDeclaration = LossDeclaration {
    name: "patch_mix_ce",
    about: "Computes the cross entropy of mixed clips: with their own label by the share they \
        keep, with their partner's by the rest; without tensors, describes it.",
    citation: SOURCE,
    parameters: &[CLASS_WEIGHTS, LABEL_SMOOTHING],
    facts: LossFacts {
        views: false,
        inputs: &[
            Input::positional(
                "x",
                Reads::Logits,
                "logits of the mixed clips, [batch, classes]",
            ),
            LABELS,
            PARTNER,
            LAMBDA,
        ],
    },
    example: "let x = tensor([[2, 0], [0, 2]]); \
        let l = patch_mix_ce(x, [0, 1], #{ partner: [1, 0], lambda: 0.5 }); \
        assert_near(l.item(), 1 + ln(1 + exp(-2.0)), 1e-5)",
    build: |settings| {
        let options = CrossEntropy::of(settings);
        computed(move |given| {
            let name = PATCH_MIX_CE.name;
            let labels = given.labels_for(name)?;
            let logits = given.one_of_logits(name, "the logits of the mixed clips")?;
            patch_mix_ce(logits, labels, given.mixing_for(name)?, &options)
        })
    },
};

/// See [`patch_mix_contrastive`].
pub(super) static PATCH_MIX_CONTRASTIVE: LossDeclaration = LossDeclaration {
    name: "patch_mix_contrastive",
    about: "Computes the contrast of mixed clips with both clips they are made of, by the share \
        of each; gradients flow into both tensors. Without tensors, describes it.",
    citation: SOURCE,
    parameters: &[CONTRAST_TEMPERATURE, NEGATIVES],
    facts: LossFacts {
        views: false,
        inputs: &[MIXED, CLEAN, LABELS, PARTNER, LAMBDA],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); \
        let l = patch_mix_contrastive(x, x, [0, 1], #{ partner: [0, 1], temperature: 1 }); \
        assert_near(l.item(), ln(1 + exp(-1.0)), 1e-5)",
    build: |settings| {
        let temperature = settings.number("temperature");
        let negatives = settings.word("negatives", &Negatives::WORDS);
        computed(move |given| {
            let name = PATCH_MIX_CONTRASTIVE.name;
            let labels = given.labels_for(name)?;
            let [mixed, clean] = given.two(name, MIXED_AND_CLEAN)?;
            let mixing = given.mixing_for(name)?;
            patch_mix_contrastive(mixed, clean, labels, mixing, temperature, negatives)
        })
    },
};

const MIXED_AND_CLEAN: &str = "mixed projections and their targets";

/// What is replaced: [`Mixing`] of a batch, and the places.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchMix {
    /// Partners, and the share that is kept.
    pub mixing: Mixing,
    /// Tokens that come from the partner, the same for every clip.
    pub tokens: Vec<usize>,
}

impl PatchMix {
    /// The mix of given places: single tokens of `[frequencies, times]`, frequency first, or whole
    /// columns of time.
    ///
    /// # Errors
    /// [`Error::Range`] for a place that is not there.
    pub fn at(
        partner: Vec<usize>,
        places: &[usize],
        grid: [usize; 2],
        columns: bool,
    ) -> Result<PatchMix, Error> {
        let [frequencies, times] = grid;
        let n = if columns { times } else { frequencies * times };
        if let Some(place) = places.iter().find(|&&place| place >= n) {
            return Err(Error::range("positions", format!("below {n}"), place));
        }
        let column = |&time: &usize| (0..frequencies).map(move |f| f * times + time);
        let tokens = if columns {
            places.iter().flat_map(column).collect()
        } else {
            places.to_vec()
        };
        let kept = 1.0 - places.len() as f64 / n.max(1) as f64;
        Ok(PatchMix {
            mixing: Mixing { kept, partner },
            tokens,
        })
    }

    /// Places that are replaced of `n`, where a share is to be kept: `floor(n (1 - share))`.
    pub fn count(n: usize, kept: f64) -> usize {
        ((n as f64 * (1.0 - kept)).floor() as usize).min(n)
    }

    /// Draws a mix: a share from Beta(`alpha`, `alpha`), partners by one permutation of the batch,
    /// and places.
    ///
    /// [`PatchMix::count`] says how many places are replaced, and the share becomes what that
    /// leaves.
    ///
    /// # Errors
    /// [`Error::Range`] if `alpha` is not above 0.
    pub fn draw(
        batch: usize,
        grid: [usize; 2],
        columns: bool,
        alpha: f64,
        rng: &mut Rng,
    ) -> Result<PatchMix, Error> {
        check_positive("alpha", alpha)?;
        let share = beta(alpha, rng);
        PatchMix::draw_kept(batch, grid, columns, share, rng)
    }

    /// Draws a mix that keeps a given share: partners by one permutation of the batch, and places.
    ///
    /// # Errors
    /// [`Error::Range`] if the share is not within 0..1.
    pub fn draw_kept(
        batch: usize,
        grid: [usize; 2],
        columns: bool,
        share: f64,
        rng: &mut Rng,
    ) -> Result<PatchMix, Error> {
        check_share("kept", share)?;
        let mut partner: Vec<usize> = (0..batch).collect();
        rng.shuffle(&mut partner);
        let n = if columns { grid[1] } else { grid[0] * grid[1] };
        let mut places: Vec<usize> = (0..n).collect();
        rng.shuffle(&mut places);
        places.truncate(PatchMix::count(n, share));
        PatchMix::at(partner, &places, grid, columns)
    }

    /// Replaces tokens by those of the partners.
    ///
    /// # Shapes
    /// `tokens`: `[batch, n, dim]`, after patch embedding and without class tokens; returns the
    /// same.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Range`] if batch or places are others.
    pub fn apply(&self, tokens: Tensor<3>) -> Result<Tensor<3>, Error> {
        let [batch, n, dim] = tokens.dims();
        self.mixing.check(batch)?;
        let mut replaced = vec![0_usize; n];
        for &token in &self.tokens {
            if token >= n {
                return Err(Error::range("positions", format!("below {n}"), token));
            }
            replaced[token] = 1;
        }
        let device = tokens.device();
        let mask: Tensor<1, Bool> = indices(&replaced, &device).equal_elem(1);
        let mask = mask.reshape([1, n, 1]).expand([batch, n, dim]);
        let theirs = tokens
            .clone()
            .select(0, indices(&self.mixing.partner, &device));
        Ok(tokens.mask_where(mask, theirs))
    }
}

/// A draw from Beta(`a`, `a`), from two gamma variables.
fn beta(a: f64, rng: &mut Rng) -> f64 {
    if a == 1.0 {
        return rng.uniform();
    }
    // In logarithms: for small `a` both variables may be too small for a number.
    let (x, y) = (log_gamma_variable(a, rng), log_gamma_variable(a, rng));
    1.0 / (1.0 + (y - x).exp())
}

/// The logarithm of a gamma variable of shape `a`: Marsaglia and Tsang, "A Simple Method for
/// Generating Gamma Variables", 2000, with a power of a uniform variable below shape 1.
fn log_gamma_variable(a: f64, rng: &mut Rng) -> f64 {
    if a < 1.0 {
        let power = (1.0 - rng.uniform()).ln() / a;
        return log_gamma_variable(a + 1.0, rng) + power;
    }
    let d = a - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}

/// Computes the cross entropy of mixed clips: `lambda CE(x, y_i) + (1 - lambda) CE(x, y_pi(i))`.
///
/// # Shapes
/// `logits`: of the mixed clips, `[batch, classes]`; `labels`: one for every row; returns `[1]`.
///
/// # Errors
/// As [`cross_entropy`]; [`Error::Shape`] or [`Error::Range`] if partners do not fit the rows.
pub fn patch_mix_ce(
    logits: Tensor<2>,
    labels: &[Option<usize>],
    mixing: &Mixing,
    options: &CrossEntropy,
) -> Result<Tensor<1>, Error> {
    mixing.check(logits.dims()[0])?;
    check_labels(labels, logits.dims()[0])?;
    let theirs: Vec<Option<usize>> = mixing.partner.iter().map(|&row| labels[row]).collect();
    let own = cross_entropy(logits.clone(), labels, options)?;
    let partner = cross_entropy(logits, &theirs, options)?;
    Ok(own.mul_scalar(mixing.kept) + partner.mul_scalar(1.0 - mixing.kept))
}

/// What the projections of mixed clips are drawn to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The features of the clean clips, without a gradient.
    GradBlock,
    /// The features of the clean clips, with a gradient.
    GradFlow,
    /// The projections of the clean clips, without a gradient.
    ProjectBlock,
    /// The projections of the clean clips, with a gradient.
    ProjectFlow,
}

impl Target {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Target); 4] = [
        ("grad_block", Target::GradBlock),
        ("grad_flow", Target::GradFlow),
        ("project_block", Target::ProjectBlock),
        ("project_flow", Target::ProjectFlow),
    ];

    /// The target made of clean features and the projector.
    pub fn of(
        self,
        features: Tensor<2>,
        project: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        self.blocked(match self {
            Target::GradBlock | Target::GradFlow => features,
            Target::ProjectBlock | Target::ProjectFlow => project(features),
        })
    }

    /// A target without its gradient where that is to be blocked.
    fn blocked(self, target: Tensor<2>) -> Tensor<2> {
        match self {
            Target::GradBlock | Target::ProjectBlock => target.detach(),
            Target::GradFlow | Target::ProjectFlow => target,
        }
    }
}

/// Which clean clips stand in the denominator beside the two positives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negatives {
    /// All of the batch.
    All,
    /// Those of another label than the anchor's; a missing label is another than any.
    DiffLabel,
}

impl Negatives {
    /// Both, with their words.
    pub const WORDS: [(&'static str, Negatives); 2] = [
        ("all", Negatives::All),
        ("diff_label", Negatives::DiffLabel),
    ];
}

/// The parameters of [`patch_mix_loss`].
#[derive(Clone, Debug, PartialEq)]
pub struct PatchMixLoss {
    /// Temperature of the contrast.
    pub temperature: f64,
    /// Weight of the contrast beside the cross entropy.
    pub weight: f64,
    /// What the projections are drawn to.
    pub target: Target,
    /// What stands in the denominator.
    pub negatives: Negatives,
}

impl PatchMixLoss {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for a temperature that is not above 0 or a negative weight.
    pub fn check(&self) -> Result<(), Error> {
        check_positive("temperature", self.temperature)?;
        check_weight("weight", self.weight)
    }
}

/// Computes the Patch-Mix contrastive loss.
///
/// With anchors `g_i` and targets `t_j` of length 1 and `s = g t' / tau`,
/// `l_i = -(lambda log p_ii + (1 - lambda) log p_i,pi(i))`, `p` the softmax of a row over the
/// columns that are kept, and the loss their mean. A clip that is its own partner has that one
/// positive. Kim et al., 2023. Whether a gradient flows into the targets is [`Target`]'s
/// matter.
///
/// # Shapes
/// `mixed`: projections of the mixed clips, `targets`: of the clean ones, both `[batch, dim]`;
/// `labels`: one for every row; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if they do not fit each other; [`Error::Range`] if `temperature` is not above
/// 0.
pub fn patch_mix_contrastive(
    mixed: Tensor<2>,
    targets: Tensor<2>,
    labels: &[Option<usize>],
    mixing: &Mixing,
    temperature: f64,
    negatives: Negatives,
) -> Result<Tensor<1>, Error> {
    let rows = patch_mix_per_row(mixed, targets, labels, mixing, temperature, negatives)?;
    Ok(rows.mean())
}

/// The terms of [`patch_mix_contrastive`], `[batch]`.
///
/// # Errors
/// As [`patch_mix_contrastive`].
pub fn patch_mix_per_row(
    mixed: Tensor<2>,
    targets: Tensor<2>,
    labels: &[Option<usize>],
    mixing: &Mixing,
    temperature: f64,
    negatives: Negatives,
) -> Result<Tensor<1>, Error> {
    let [n, dim] = mixed.dims();
    check_rows(n, 1)?;
    if targets.dims() != [n, dim] {
        return Err(Error::Shape {
            what: "targets",
            want: format!("[{n}, {dim}] as the projections"),
            got: targets.dims().to_vec(),
        });
    }
    check_labels(labels, n)?;
    mixing.check(n)?;
    check_positive("temperature", temperature)?;
    let device = mixed.device();
    let columns: Vec<usize> = (0..n).collect();
    let (own, partner) = (own(n, &device), pairs(&mixing.partner, &columns, &device));
    let similarity = similarities(normalized(mixed), normalized(targets), temperature);
    let log_p = match negatives {
        Negatives::All => log_softmax(similarity, 1),
        Negatives::DiffLabel => {
            let positive = own.clone().bool_or(partner.clone());
            let left_out = same(&classes(labels), &device).bool_and(positive.bool_not());
            log_softmax_without(similarity, left_out, temperature)
        }
    };
    let weight = as_numbers(own, &log_p).mul_scalar(mixing.kept)
        + as_numbers(partner, &log_p).mul_scalar(1.0 - mixing.kept);
    Ok((log_p * weight).sum_dim(1).neg().reshape([n]))
}

/// Computes the loss that Patch-Mix trains with: the cross entropy of the clean clips plus a weight
/// times [`patch_mix_contrastive`].
///
/// # Shapes
/// `mixed`, `targets`: `[batch, dim]`; `logits`: of the clean clips, `[batch, classes]`; `labels`:
/// one for every row; returns `[1]`.
///
/// # Errors
/// As [`patch_mix_contrastive`] and [`cross_entropy`].
pub fn patch_mix_loss(
    mixed: Tensor<2>,
    targets: Tensor<2>,
    logits: Tensor<2>,
    labels: &[Option<usize>],
    mixing: &Mixing,
    options: &PatchMixLoss,
) -> Result<Tensor<1>, Error> {
    options.check()?;
    let targets = options.target.blocked(targets);
    let (temperature, negatives) = (options.temperature, options.negatives);
    let contrast = patch_mix_contrastive(mixed, targets, labels, mixing, temperature, negatives)?;
    let supervised = cross_entropy(logits, labels, &CrossEntropy::default())?;
    Ok(supervised + contrast.mul_scalar(options.weight))
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, value};
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn gradients_are_finite_differences_and_stop_where_they_are_blocked() {
        let [g, h] = [Rows::drawn(4, 3, 1), Rows::drawn(4, 3, 2)];
        let x = Rows::drawn(4, 2, 3);
        let labels = [Some(0), Some(1), Some(0), None];
        let mixing = Mixing {
            kept: 0.3,
            partner: vec![2, 0, 1, 3],
        };
        for (_, negatives) in Negatives::WORDS {
            for (_, target) in Target::WORDS {
                let options = PatchMixLoss {
                    temperature: 0.3,
                    weight: 2.0,
                    target,
                    negatives,
                };
                let loss = |g: &Tensor<2>, h: &Tensor<2>, x: &Tensor<2>| {
                    let [g, h, x] = [g, h, x].map(Tensor::clone);
                    patch_mix_loss(g, h, x, &labels, &mixing, &options).unwrap()
                };
                if matches!(target, Target::GradFlow | Target::ProjectFlow) {
                    check_gradient(&[&g, &h, &x], |v| loss(&v[0], &v[1], &v[2]));
                } else {
                    let still = h.tensor();
                    check_gradient(&[&g, &x], |v| loss(&v[0], &still, &v[1]));
                    let h = h.tensor().require_grad();
                    let gradients = loss(&g.tensor().require_grad(), &h, &x.tensor()).backward();
                    assert!(h.grad(&gradients).is_none());
                }
            }
        }
    }

    #[test]
    fn a_target_is_projected_by_its_name() {
        let h = Rows::drawn(2, 2, 1);
        for (word, target) in Target::WORDS {
            let made = target.of(h.tensor(), |h| h.mul_scalar(2.0));
            let sum = value(made.sum()) / value(h.tensor().sum());
            assert_near(
                sum,
                if word.starts_with("project") {
                    2.0
                } else {
                    1.0
                },
                1e-12,
            );
        }
    }

    #[test]
    fn a_mix_of_logits_is_weighed_by_what_is_kept() {
        let x = Rows::drawn(3, 4, 9);
        let labels = [Some(0), Some(3), Some(1)];
        let mixing = Mixing {
            kept: 0.75,
            partner: vec![1, 0, 2],
        };
        let plain = CrossEntropy::default();
        let ce =
            |labels: [Option<usize>; 3]| value(cross_entropy(x.tensor(), &labels, &plain).unwrap());
        let want = 0.75 * ce(labels) + 0.25 * ce([Some(3), Some(0), Some(1)]);
        let got = patch_mix_ce(x.tensor(), &labels, &mixing, &plain).unwrap();
        assert_near(value(got), want, 1e-12);
    }

    #[test]
    fn a_drawn_mix_replaces_as_many_places_as_it_says() {
        let mut shares = Vec::new();
        for seed in 0..400 {
            let mut rng = Rng::from_words(&[seed]);
            let mix = PatchMix::draw(3, [2, 5], seed % 2 == 0, 0.3, &mut rng).unwrap();
            let mut partner = mix.mixing.partner.clone();
            partner.sort_unstable();
            assert_eq!(partner, [0, 1, 2]);
            let tokens: Vec<f32> = (0..30).map(|v| v as f32).collect();
            let x = Tensor::<3>::from_data(TensorData::new(tokens, [3, 10, 1]), &Device::flex());
            let mixed: Vec<f32> = mix.apply(x).unwrap().into_data().iter::<f32>().collect();
            for row in 0..3 {
                let own = (0..10).filter(|i| mixed[row * 10 + i] == (row * 10 + i) as f32);
                let theirs = mix.mixing.partner[row];
                let kept = if theirs == row { 1.0 } else { mix.mixing.kept };
                assert_eq!(own.count(), (10.0 * kept).round() as usize);
            }
            shares.push(mix.mixing.kept);
        }
        // Beta(0.3, 0.3) has mean 1/2 and variance 0.25 / 1.6; rounding up to whole places adds a
        // little to the mean.
        let mean = shares.iter().sum::<f64>() / 400.0;
        let variance = shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 400.0;
        assert_near(mean, 0.55, 0.05);
        assert_near(variance, 0.156, 0.03);
    }
}

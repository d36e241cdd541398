//! Patch-Mix: tokens of a transformer are mixed between clips, and the losses know by how much.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::heads::of_labels;
use super::parameters::{LABEL_FRACTION, check_loss, loss, loss_of};
use super::tokens::{transformer, transformer_and_input};
use crate::Error;
use crate::loss::{Given, Loss, Mixing, PATCH_MIX_LOSS, PatchMix as Mix, Reads, Target};
use crate::nn::{LayerNorm, Network, PatchMixProjector};
use auricle_audio::declare::{ABOVE_ZERO, DefaultInside, DefaultValue, Inside, Kind, Parameter};
use auricle_audio::{Place, Rng};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

pub(super) static PATCH_MIX: MethodDeclaration = MethodDeclaration {
    name: "patch_mix",
    about: "Describes training by Patch-Mix: tokens of every clip are replaced by those of another \
        inside a transformer, and the loss knows by how much. By `patch_mix_loss(...)` labels and \
        the contrast with both clips are learned, by `patch_mix_ce(...)` the labels of both.",
    citation: "Kim et al., 2023",
    parameters: &[
        loss(
            &Inside {
                what: "`patch_mix_loss(...)` or `patch_mix_ce(...)`",
                check: |param, nested| {
                    let want = "`patch_mix_loss(...)` or `patch_mix_ce(...)`";
                    check_loss(param, nested, want, |loss| {
                        loss.facts.reads(Reads::Partner) && loss.facts.reads(Reads::Logits)
                    })
                },
            },
            &DefaultInside(|| PATCH_MIX_LOSS.value()),
            "a loss of mixed clips and their labels",
        ),
        Parameter::option(
            "columns",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether whole columns of time are replaced instead of single patches",
        ),
        Parameter::option(
            "alpha",
            Kind::Number {
                low: ABOVE_ZERO,
                high: f64::INFINITY,
            },
            DefaultValue::Number(1.0),
            "the share that is kept is drawn from Beta(alpha, alpha) for every batch",
        ),
        Parameter::option(
            "kept",
            Kind::Number {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Absent,
            "the share that is kept, where it is not drawn",
        ),
        LABEL_FRACTION,
    ],
    facts: MethodFacts {
        title: "Patch-Mix",
        n_views: 1,
    },
    example: "let model = ast(#{ dim: 12, depth: 1, heads: 2, bands: 16, frames: 20 }); \
        let run = patch_mix(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        Ok(Arc::new(PatchMix {
            loss: loss_of(settings),
            columns: settings.flag("columns"),
            alpha: settings.number("alpha"),
            kept: settings.number_if("kept"),
            label_fraction: settings.number("label_fraction"),
        }))
    },
};

/// Patch-Mix. Kim et al., "Patch-Mix Contrastive Learning with Audio Spectrogram Transformer on
/// Respiratory Sound Classification", 2023: tokens of every clip are replaced by those of a
/// partner, at places that are the same for the whole batch.
#[derive(Clone)]
struct PatchMix {
    loss: Loss,
    /// Whether whole columns of time are replaced instead of single patches.
    columns: bool,
    /// The share that is kept is drawn from Beta(`alpha`, `alpha`) for every batch.
    alpha: f64,
    /// The share that is kept, where it is not drawn.
    kept: Option<f64>,
    label_fraction: f64,
}

/// A transformer with a classifier and a projector.
#[derive(Module, Debug)]
pub(super) struct Mixed {
    encoder: Network,
    norm: LayerNorm,
    head: Linear,
    projector: Option<PatchMixProjector>,
}

impl Mixed {
    fn classify(&self, features: Tensor<2>) -> Tensor<2> {
        self.head.forward(self.norm.forward(features))
    }
}

impl PatchMix {
    /// Draws who is mixed with whom, and where.
    fn draw(&self, batch: usize, grid: [usize; 2], rng: &mut Rng) -> Result<Mix, Error> {
        match self.kept {
            None => Mix::draw(batch, grid, self.columns, self.alpha, rng),
            Some(kept) => Mix::draw_kept(batch, grid, self.columns, kept, rng),
        }
    }

    /// Whether the mixed clips are compared with the clean ones, and not only labelled.
    fn contrasts(&self) -> bool {
        self.loss.declaration().facts.reads(Reads::Rows)
    }

    /// The loss of a batch, and the logits of the clean clips if they were computed.
    fn loss_of(
        &self,
        learner: &Mixed,
        clean: &dyn Fn() -> Tensor<2>,
        mixed: Tensor<2>,
        labels: &[Option<usize>],
        mixing: &Mixing,
    ) -> Result<(Tensor<1>, Option<Tensor<2>>), Error> {
        let given = Given {
            labels: Some(labels),
            mixing: Some(mixing),
            ..Given::default()
        };
        let Some(projector) = &learner.projector else {
            let logits = vec![learner.classify(mixed)];
            return Ok((self.loss.of(Given { logits, ..given })?, None));
        };
        let clean = clean();
        let logits = learner.classify(clean.clone());
        let target = self.loss.settings().word("target", &Target::WORDS);
        let project = |clean| projector.forward(clean);
        let targets = target.of(clean, project);
        let loss = self.loss.of(Given {
            rows: vec![projector.forward(mixed), targets],
            logits: vec![logits.clone()],
            ..given
        })?;
        Ok((loss, Some(logits)))
    }
}

impl Method for PatchMix {
    type Learner = Mixed;
    type Memory = Nothing;

    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        plan.with_labels_of(self.label_fraction)
    }

    fn loss(&self, _: &Plan) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (dim, classes) = (plan.encoder.dim(), plan.n_classes());
        let kept = match self.kept {
            Some(kept) => kept.to_string(),
            None => format!("Beta({0}, {0})", self.alpha),
        };
        let mixed = if self.columns {
            "columns of time"
        } else {
            "patches"
        };
        let mut sizes = vec![
            ("head", format!("{dim} to {classes} classes")),
            ("mixed", mixed.to_owned()),
            ("kept", kept),
        ];
        if self.contrasts() {
            sizes.push(("projector", format!("{dim} to {dim} to {dim}")));
        }
        sizes
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_labels(PATCH_MIX.facts.title)?;
        transformer(&plan.encoder.network(), PATCH_MIX.facts.title)?;
        Ok(())
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Mixed, Error> {
        let encoder = plan.network(device)?;
        let dim = transformer(&encoder, PATCH_MIX.facts.title)?.n_features();
        let projects = self.contrasts();
        plan.drawn(Mixed {
            encoder,
            norm: LayerNorm::new(dim, LayerNorm::EPSILON, device),
            head: LinearConfig::new(dim, plan.n_classes()).init(device),
            projector: projects.then(|| PatchMixProjector::new(dim, dim, device)),
        })
    }

    fn memory(&self, _: &Plan, _: &Mixed) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(&self, learner: &Mixed, _: &Nothing, inputs: &mut Inputs<'_>) -> Result<Terms, Error> {
        let (mut losses, mut rows, mut logits) = (Vec::new(), Vec::new(), Vec::new());
        for view in 0..inputs.n_views() {
            let mut rng = inputs.key(view).at(Place::ROOT.named("patch_mix"));
            let input = inputs.view(view)?;
            let title = PATCH_MIX.facts.title;
            let (ast, x) = transformer_and_input(&learner.encoder, input, title)?;
            let (patches, grid) = ast.patches(x);
            let mix = self.draw(inputs.n_clips(), grid, &mut rng)?;
            let mixed = ast.features(mix.apply(patches.clone())?, grid);
            let clean = || ast.features(patches.clone(), grid);
            rows.push(mixed.clone());
            let (loss, of_clean) =
                self.loss_of(learner, &clean, mixed, inputs.labels(), &mix.mixing)?;
            losses.push(loss);
            logits.extend(of_clean);
        }
        let n_views = losses.len() as f64;
        let loss = Tensor::cat(losses, 0).sum().div_scalar(n_views);
        let figures = match logits.as_slice() {
            [] => Vec::new(),
            logits => of_labels(logits, inputs.labels())?,
        };
        Ok(Terms {
            figures,
            ..Terms::new(loss, rows)
        })
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Mixed) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(&self, learner: &'a Mixed, _: &'a Nothing) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}

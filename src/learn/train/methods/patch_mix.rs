//! Patch-Mix: tokens of a transformer are mixed between clips, and the losses know by how much.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::heads::of_labels;
use crate::Error;
use crate::batch::Batch;
use crate::loss::{CrossEntropy, Given, Loss, Mixing, PatchMix as Mix, PatchMixLoss, patch_mix_ce};
use crate::nn::{Network, PatchMixProjector};
use auricle_audio::{Place, Rng};
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

/// Patch-Mix. Kim et al., "Patch-Mix Contrastive Learning with Audio Spectrogram Transformer on
/// Respiratory Sound Classification", 2023: tokens of every clip are replaced by those of a
/// partner, at places that are the same for the whole batch.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchMix {
    /// What is made small.
    pub loss: PatchMixObjective,
    /// Whether whole columns of time are replaced instead of single patches.
    pub columns: bool,
    /// The share that is kept is drawn from Beta(`alpha`, `alpha`) for every batch.
    pub alpha: f64,
    /// The share that is kept, where it is not drawn.
    pub kept: Option<f64>,
}

/// What Patch-Mix makes small.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchMixObjective {
    /// The cross entropy of the clean clips, and the contrast of the mixed ones with them.
    Contrastive(PatchMixLoss),
    /// The cross entropy of the mixed clips with both labels.
    CrossEntropy(CrossEntropy),
}

/// A transformer with a classifier and a projector.
#[derive(Module, Debug)]
pub struct Mixed {
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

fn no_transformer() -> Error {
    Error::Run {
        message: "Patch-Mix mixes the tokens of a transformer, the encoder has none".into(),
        hint: "train `ast(...)`".into(),
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

    fn described(&self) -> Loss {
        match &self.loss {
            PatchMixObjective::Contrastive(loss) => Loss::PatchMix(loss.clone()),
            PatchMixObjective::CrossEntropy(loss) => Loss::CrossEntropy(loss.clone()),
        }
    }

    /// The loss of a batch, and the logits of the clips as far as they were computed: of the clean
    /// ones, or of the mixed ones, whose labels are then those of the larger share.
    fn loss_of(
        &self,
        learner: &Mixed,
        clean: &dyn Fn() -> Tensor<2>,
        mixed: Tensor<2>,
        labels: &[Option<usize>],
        mixing: &Mixing,
    ) -> Result<(Tensor<1>, Option<Tensor<2>>), Error> {
        match (&self.loss, &learner.projector) {
            (PatchMixObjective::Contrastive(options), Some(projector)) => {
                let clean = clean();
                let logits = learner.classify(clean.clone());
                let targets = options.target.of(clean, |clean| projector.forward(clean));
                let loss = self.described().of(Given {
                    rows: vec![projector.forward(mixed), targets],
                    logits: vec![logits.clone()],
                    labels: Some(labels),
                    mixing: Some(mixing),
                    ..Given::default()
                })?;
                Ok((loss, Some(logits)))
            }
            (PatchMixObjective::CrossEntropy(options), _) => {
                let logits = learner.classify(mixed);
                Ok((patch_mix_ce(logits, labels, mixing, options)?, None))
            }
            (PatchMixObjective::Contrastive(_), None) => Err(no_transformer()),
        }
    }
}

impl Method for PatchMix {
    type Learner = Mixed;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        "patch_mix"
    }

    fn title(&self) -> &'static str {
        "Patch-Mix"
    }

    fn loss(&self) -> String {
        self.described().to_string()
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
        if let PatchMixObjective::Contrastive(_) = self.loss {
            sizes.push(("projector", format!("{dim} to {dim} to {dim}")));
        }
        sizes
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        self.described().check()?;
        plan.check_labels(Method::title(self))?;
        if plan.encoder.network().transformer().is_none() {
            return Err(no_transformer());
        }
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return Err(Error::range("alpha", "above 0", self.alpha));
        }
        match self.kept {
            Some(kept) if !(0.0..=1.0).contains(&kept) => {
                Err(Error::range("kept", "within 0..1", kept))
            }
            _ => Ok(()),
        }
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Mixed, Error> {
        let encoder = plan.network(device)?;
        let dim = encoder.transformer().ok_or_else(no_transformer)?.dim();
        let projects = matches!(self.loss, PatchMixObjective::Contrastive(_));
        plan.drawn(Mixed {
            encoder,
            norm: LayerNormConfig::new(dim).init(device),
            head: LinearConfig::new(dim, plan.n_classes()).init(device),
            projector: projects.then(|| PatchMixProjector::new(dim, dim, device)),
        })
    }

    fn memory(&self, _: &Plan, _: &Mixed) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Mixed,
        _: &Nothing,
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let (mut losses, mut rows, mut logits) = (Vec::new(), Vec::new(), Vec::new());
        for view in 0..batch.views.len() {
            let mut rng = batch.key(view).at(Place::ROOT.named("patch_mix"));
            let input = batch.input(view, device)?;
            let Some((ast, x)) = learner.encoder.transformer_and_input(input)? else {
                return Err(no_transformer());
            };
            let (patches, grid) = ast.patches(x);
            let mix = self.draw(batch.ids.len(), grid, &mut rng)?;
            let mixed = ast.features(mix.apply(patches.clone())?, grid);
            let clean = || ast.features(patches.clone(), grid);
            rows.push(mixed.clone());
            let (loss, of_clean) =
                self.loss_of(learner, &clean, mixed, &batch.labels, &mix.mixing)?;
            losses.push(loss);
            logits.extend(of_clean);
        }
        let n_views = losses.len() as f64;
        let loss = Tensor::cat(losses, 0).sum().div_scalar(n_views);
        let figures = match logits.as_slice() {
            [] => Vec::new(),
            logits => of_labels(logits, &batch.labels)?,
        };
        Ok(Terms {
            figures,
            ..Terms::new(loss, rows)
        })
    }

    fn encoders<'a>(&self, learner: &'a Mixed, _: &'a Nothing) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}

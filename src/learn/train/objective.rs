//! What the loop trains: one method, or several that are joined over one encoder.

use super::history::LOSS;
use super::inputs::Inputs;
use super::method::{Better, Term, Terms};
use super::part::{Part, Step, Tensors, behind};
use crate::Error;
use crate::batch::Batch;
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;

/// The methods of a run with what they have learned.
///
/// All parts hold the same encoder, tensor for tensor. The first one's optimizer moves it; the
/// others move what is their own, and take the encoder over after every step.
pub(super) struct Objective {
    parts: Vec<Weighted>,
}

/// A part, by how much it counts.
pub(super) struct Weighted {
    /// Its name among the parts; empty for a part alone.
    pub(super) label: String,
    /// What its loss is multiplied by.
    pub(super) weight: f64,
    /// The part.
    pub(super) part: Box<dyn Part>,
}

/// A figure of some batches, by the name that the history has for it.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: Tensor<1>,
    pub(super) weight: f64,
    pub(super) better: Better,
}

/// What a step gives back.
pub(super) struct Stepped {
    /// The loss, `[1]`.
    pub(super) loss: Tensor<1>,
    /// The losses of the parts of each batch, where there are several parts.
    pub(super) losses_of_parts: Vec<(String, Tensor<1>)>,
    /// Figures to follow beside them.
    pub(super) figures: Vec<Figure>,
    /// For each part, the beginning of its figures' names, and the embeddings of each view of the
    /// last batch, `[batch, dim]`.
    pub(super) rows: Vec<(String, Vec<Tensor<2>>)>,
}

/// The state of a part's optimizer in a checkpoint.
const OPTIMIZER: &str = "optimizer";
/// Where a learner has the plan's encoder.
const ENCODER: &str = "encoder.";

impl Weighted {
    /// A figure's name in the history.
    fn figure(&self, name: &str) -> String {
        self.before('_') + name
    }

    /// What stands before the names of a part's own, up to some character.
    fn before(&self, end: char) -> String {
        match self.label.as_str() {
            "" => String::new(),
            label => format!("{label}{end}"),
        }
    }

    fn figures(&self, terms: Vec<Term>) -> impl Iterator<Item = Figure> {
        terms.into_iter().map(|term| Figure {
            name: self.figure(term.name),
            value: term.value,
            weight: term.weight,
            better: term.better,
        })
    }

    /// Its share of the whole loss.
    fn share(&self, loss: Tensor<1>, share: f64) -> Tensor<1> {
        match self.weight * share {
            1.0 => loss,
            factor => loss.mul_scalar(factor),
        }
    }
}

impl Objective {
    /// Joins parts, of which there is at least one.
    pub(super) fn new(parts: Vec<Weighted>) -> Result<Objective, Error> {
        let mut objective = Objective { parts };
        objective.share_encoder()?;
        Ok(objective)
    }

    /// Gives the first part's encoder to all others.
    fn share_encoder(&mut self) -> Result<(), Error> {
        let Some((first, others)) = self.parts.split_first_mut() else {
            return Ok(());
        };
        let encoder = first.part.encoder()?;
        for other in others {
            other.part.encoder()?.clone_from(encoder);
        }
        Ok(())
    }

    /// One optimizer step by the mean of the gradients of some batches.
    pub(super) fn step(&mut self, batches: Vec<Batch>, by: &Step<'_>) -> Result<Stepped, Error> {
        let share = 1.0 / batches.len() as f64;
        let is_joined = self.parts.len() > 1;
        let mut kept: Vec<Vec<Tensor<2>>> = self.parts.iter().map(|_| Vec::new()).collect();
        let (mut losses, mut losses_of_parts) = (Vec::new(), Vec::new());
        let (mut figures, mut rows) = (Vec::new(), Vec::new());
        for batch in batches {
            let mut inputs = Inputs::new(batch, by.device);
            let mut total: Option<Tensor<1>> = None;
            rows.clear();
            for (weighted, kept) in self.parts.iter().zip(&mut kept) {
                let terms = weighted.part.terms(&mut inputs)?;
                if is_joined {
                    losses_of_parts.push((weighted.label.clone(), terms.loss.clone().inner()));
                }
                let loss = weighted.share(terms.loss, share);
                total = Some(match total {
                    Some(total) => total + loss,
                    None => loss,
                });
                figures.extend(weighted.figures(terms.figures));
                kept.extend(terms.kept);
                rows.push((weighted.before('_'), terms.rows));
            }
            let Some(total) = total else { continue };
            let mut gradients = total.backward();
            for weighted in &mut self.parts {
                weighted.part.gather(&mut gradients)?;
            }
            losses.push(total.inner());
        }
        let mut squares: Option<Tensor<1>> = None;
        for weighted in &self.parts {
            let own = weighted.part.squares(by.optimizer)?;
            squares = match (squares, own) {
                (Some(sum), Some(own)) => Some(sum + own),
                (sum, own) => sum.or(own),
            };
        }
        for weighted in &mut self.parts {
            weighted.part.step(by, squares.clone())?;
        }
        self.share_encoder()?;
        for (weighted, kept) in self.parts.iter_mut().zip(kept) {
            let kept = (!kept.is_empty()).then(|| Tensor::cat(kept, 0));
            weighted.part.after_step(kept, by.at)?;
        }
        Ok(Stepped {
            loss: Tensor::cat(losses, 0).sum(),
            losses_of_parts,
            figures,
            rows,
        })
    }

    /// The loss of a batch that is not learned from, and its figures, with running statistics and
    /// without gradients.
    pub(super) fn judge(&self, batch: Batch, device: &Device) -> Result<Vec<Figure>, Error> {
        let mut inputs = Inputs::new(batch, device);
        let weight = inputs.n_clips() as f64;
        let loss = |name, value| Figure {
            name,
            value,
            weight,
            better: Better::Lower,
        };
        let mut total: Option<Tensor<1>> = None;
        let mut figures = Vec::new();
        for weighted in &self.parts {
            let Terms {
                loss: own,
                figures: others,
                ..
            } = weighted.part.judged(&mut inputs)?;
            if self.parts.len() > 1 {
                figures.push(loss(weighted.figure(LOSS), own.clone()));
            }
            let own = weighted.share(own, 1.0);
            total = Some(match total {
                Some(total) => total + own,
                None => own,
            });
            figures.extend(weighted.figures(others));
        }
        let total = total.map(|total| loss(LOSS.to_owned(), total));
        Ok(total.into_iter().chain(figures).collect())
    }

    /// All that must be kept to go on, by name, but for the optimizers' state.
    pub(super) fn tensors(&self) -> Result<Tensors, Error> {
        let mut all = Tensors::new();
        for (index, weighted) in self.parts.iter().enumerate() {
            let mut tensors = weighted.part.tensors()?;
            // The encoder of all is kept once.
            tensors.retain(|name, _| index == 0 || !name.starts_with(ENCODER));
            let before = weighted.before('/');
            let named = tensors.into_iter();
            all.extend(named.map(|(name, tensor)| (format!("{before}{name}"), tensor)));
        }
        Ok(all)
    }

    /// The states of the optimizers, by name.
    pub(super) fn optimizers(&self) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let state = |weighted: &Weighted| {
            let name = weighted.before('/') + OPTIMIZER;
            Ok((name, weighted.part.optimizer()?))
        };
        self.parts.iter().map(state).collect()
    }

    /// Takes up what was kept.
    ///
    /// # Errors
    /// [`Error::Run`] if a tensor is missing or has another shape.
    pub(super) fn restore(
        &mut self,
        tensors: &Tensors,
        mut optimizers: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), Error> {
        let mut encoder = Tensors::new();
        for (index, weighted) in self.parts.iter_mut().enumerate() {
            let mut own = behind(&weighted.before('/'), tensors);
            if index == 0 {
                encoder.clone_from(&own);
                encoder.retain(|name, _| name.starts_with(ENCODER));
            } else {
                own.extend(encoder.clone());
            }
            weighted.part.restore(&own)?;
            let name = weighted.before('/') + OPTIMIZER;
            let state = optimizers.remove(&name).ok_or_else(|| Error::Run {
                message: format!("the checkpoint lacks the optimizer's state `{name}`"),
                hint: "start the run afresh".into(),
            })?;
            weighted.part.restore_optimizer(state)?;
        }
        self.share_encoder()
    }

    /// The weights of the encoders, by name; the first is the one that was asked for. Of parts that have encoders of the
    /// same name, the later ones' are told apart by the part's.
    pub(super) fn encoders(&self) -> Result<Vec<(String, Tensors)>, Error> {
        let mut all: Vec<(String, Tensors)> = Vec::new();
        for (index, weighted) in self.parts.iter().enumerate() {
            let skipped = usize::from(index > 0);
            for (name, weights) in weighted.part.encoders()?.into_iter().skip(skipped) {
                let is_taken = all.iter().any(|(other, _)| other == name);
                let name = match is_taken {
                    true => weighted.figure(name),
                    false => name.to_owned(),
                };
                all.push((name, weights));
            }
        }
        Ok(all)
    }

    /// Whether a step that failed half-way took the state with it.
    pub(super) fn is_lost(&self) -> bool {
        self.parts.iter().any(|weighted| weighted.part.is_lost())
    }
}

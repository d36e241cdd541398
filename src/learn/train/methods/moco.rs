//! MoCo: a view is told from many earlier clips, whose keys a slow copy of the network made.

use super::super::Plan;
use super::super::objective::{Method, Moment, Terms};
use super::average::{follow, still};
use super::heads::Mlp;
use super::projected::Projection;
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Loss, info_nce};
use crate::nn::Network;
use auricle_audio::{Key, Place};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// MoCo v2. He et al., "Momentum Contrast for Unsupervised Visual Representation Learning", 2020, with the head of Chen et
/// al., "Improved Baselines with Momentum Contrastive Learning", 2020. Batch norms are not shuffled among devices, of which
/// there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct MoCo {
    /// Temperature of the loss.
    pub temperature: f64,
    /// Share of the copy that a step leaves.
    pub momentum: f64,
    /// Keys that are kept; the oldest make room.
    pub queue: usize,
    /// Sizes of the head.
    pub projection: Projection,
}

/// The network that makes queries.
#[derive(Module, Debug)]
pub struct Queries {
    encoder: Network,
    head: Mlp,
}

/// The slow copy that makes keys, and the keys, the newest last, `[queue, output]`.
#[derive(Module, Debug)]
pub struct Keys {
    encoder: Network,
    head: Mlp,
    queue: Param<Tensor<2>>,
}

impl MoCo {
    fn described(&self) -> Loss {
        Loss::InfoNce(self.temperature)
    }
}

impl Method for MoCo {
    type Learner = Queries;
    type Memory = Keys;

    fn name(&self) -> &'static str {
        "moco"
    }

    fn title(&self) -> &'static str {
        "MoCo"
    }

    fn loss(&self) -> String {
        self.described().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![
            self.projection.of_two(plan),
            ("momentum", self.momentum.to_string()),
            ("queue", self.queue.to_string()),
        ]
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(Method::title(self))?;
        self.projection.check()?;
        self.described().check()?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(Error::range("momentum", "within 0..1", self.momentum));
        }
        if self.queue < plan.batch {
            let want = format!("at least {}, the clips in a step", plan.batch);
            return Err(Error::range("queue", want, self.queue));
        }
        Ok(())
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Queries, Error> {
        let (hidden, output) = (self.projection.hidden(plan), self.projection.output);
        plan.drawn(Queries {
            encoder: plan.network(device)?,
            head: Mlp::new([plan.encoder.dim(), hidden, output], device),
        })
    }

    fn memory(&self, plan: &Plan, learner: &Queries) -> Result<Keys, Error> {
        // Directions drawn at random stand for the clips that were not seen yet.
        let (n, dim) = (self.queue, self.projection.output);
        let mut rng = Key::of_seed(plan.seed).at(Place::ROOT.named("queue"));
        let mut values = vec![0.0_f32; n * dim];
        rng.fill_normal(&mut values);
        let device = learner.head.device();
        let queue = Tensor::from_data(TensorData::new(values, [n, dim]), &device);
        Ok(Keys {
            encoder: still(&learner.encoder),
            head: still(&learner.head),
            queue: Param::from_tensor(queue).set_require_grad(false),
        })
    }

    fn terms(
        &self,
        learner: &Queries,
        memory: &Keys,
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let x = learner.encoder.forward(batch.input(0, device)?)?;
        let queries = learner.head.forward(x);
        let x = memory.encoder.forward(batch.input(1, device)?)?;
        let keys = memory.head.forward(x).detach();
        let queue = memory.queue.val().detach();
        let loss = info_nce(queries.clone(), keys.clone(), queue, self.temperature)?;
        Ok(Terms {
            kept: Some(keys.clone()),
            ..Terms::new(loss, vec![queries, keys])
        })
    }

    fn after_step(
        &self,
        learner: &Queries,
        memory: Keys,
        kept: Option<Tensor<2>>,
        _: Moment,
    ) -> Keys {
        let queue = memory.queue.map(|queue| match kept {
            Some(keys) => {
                let n = keys.dims()[0];
                let rest = queue.narrow(0, n, self.queue - n);
                let queue = Tensor::cat(vec![rest, keys], 0);
                queue.detach().set_require_grad(false)
            }
            None => queue,
        });
        Keys {
            encoder: follow(memory.encoder, &learner.encoder, self.momentum),
            head: follow(memory.head, &learner.head, self.momentum),
            queue,
        }
    }

    fn encoders<'a>(
        &self,
        learner: &'a Queries,
        memory: &'a Keys,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder), ("target", &memory.encoder)]
    }
}

//! MoCo: a view is told from many earlier clips, whose keys a slow copy of the network made.

use super::super::Plan;
use super::super::average::{follow, still};
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Moment, Terms};
use super::heads::Mlp;
use super::parameters::{HIDDEN, momentum, projection};
use super::projected::Projection;
use crate::Error;
use crate::loss::{Given, INFO_NCE, Loss};
use crate::nn::Network;
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter, Value};
use auricle_audio::{Key, Place};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

pub(super) static MOCO: MethodDeclaration = MethodDeclaration {
    name: "moco",
    about: "Describes training by MoCo v2: the first view is told from a queue of earlier clips, \
        whose keys a moving average of the network made. `run.models.target` is the moving average.",
    citation: "He et al., 2020, and Chen et al., 2020; there the queue has 65536 keys and the \
        average a share of 0.999",
    parameters: &[
        Parameter::option(
            "temperature",
            Kind::Number {
                low: ABOVE_ZERO,
                high: f64::INFINITY,
            },
            DefaultValue::Number(0.2),
            "temperature of the loss",
        ),
        Parameter::option(
            "queue",
            Kind::Count {
                low: 1.0,
                high: f64::INFINITY,
            },
            DefaultValue::Number(1024.0),
            "keys that are kept, at least as many as clips in a step",
        ),
        momentum(0.99, "share of the average that a step leaves"),
        projection(64.0),
        HIDDEN,
    ],
    facts: MethodFacts {
        title: "MoCo",
        n_views: 2,
    },
    example: "let run = moco(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        let temperature = Value::Drawn(settings.number("temperature").into());
        Ok(Arc::new(MoCo {
            loss: INFO_NCE.with([("temperature".into(), temperature)])?,
            momentum: settings.number("momentum"),
            queue: settings.count("queue"),
            projection: Projection::of(settings),
        }))
    },
};

/// MoCo v2. He et al., "Momentum Contrast for Unsupervised Visual Representation Learning", 2020, with the head of Chen et
/// al., "Improved Baselines with Momentum Contrastive Learning", 2020. Batch norms are not shuffled among devices, of which
/// there is one.
#[derive(Clone)]
struct MoCo {
    loss: Loss,
    /// Share of the copy that a step leaves.
    momentum: f64,
    /// Keys that are kept; the oldest make room.
    queue: usize,
    /// Sizes of the head.
    projection: Projection,
}

/// The network that makes queries.
#[derive(Module, Debug)]
pub(super) struct Queries {
    encoder: Network,
    head: Mlp,
}

/// The slow copy that makes keys, and the keys, the newest last, `[queue, output]`.
#[derive(Module, Debug)]
pub(super) struct Keys {
    encoder: Network,
    head: Mlp,
    queue: Param<Tensor<2>>,
}

impl Method for MoCo {
    type Learner = Queries;
    type Memory = Keys;

    fn loss(&self, _: &Plan) -> String {
        self.loss.to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![
            self.projection.of_two(plan),
            ("momentum", self.momentum.to_string()),
            ("queue", self.queue.to_string()),
        ]
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        let clips = plan.clips_per_step();
        if self.queue < clips {
            let want = format!("at least {clips}, the clips in a step");
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
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let x = inputs.embed(0, &learner.encoder)?;
        let queries = learner.head.forward(x);
        let x = memory.encoder.forward(inputs.view(1)?)?;
        let keys = memory.head.forward(x).detach();
        let queue = memory.queue.val().detach();
        let loss = self.loss.of(Given {
            queue: Some(queue),
            ..Given::views(queries.clone(), keys.clone())
        })?;
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
                // A step may be as large as the queue: then nothing of it is left.
                let queue = match self.queue - n {
                    0 => keys,
                    rest => Tensor::cat(vec![queue.narrow(0, n, rest), keys], 0),
                };
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

    fn encoder_mut<'a>(&self, learner: &'a mut Queries) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Queries,
        memory: &'a Keys,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder), ("target", &memory.encoder)]
    }
}

//! Stochastic depth.

use super::edge::Edge;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{Each, Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::Graph;
use crate::nn::stochastic_depth::factors_of;
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use burn::tensor::Tensor;
use std::sync::Arc;

/// All numbers of a clip become 0 with probability `p` while it is trained: at the end of the body
/// of a residual layer, the clip then passes by the shortcut alone.
pub(super) static STOCHASTIC_DEPTH: Declaration = Declaration {
    name: "stochastic_depth",
    about: "Makes a layer that sets all numbers of a clip to 0 at random while it is trained, and \
        changes nothing elsewhere: at the end of the body of a `residual` it leaves the body out.",
    citation: "Huang et al., 2016; as in torchvision, by rows",
    parameters: &[
        Parameter::positional(
            "p",
            Kind::Number {
                low: 0.0,
                high: 0.99,
            },
            DefaultValue::Number(0.1),
            "probability of a clip to be left out",
        ),
        Parameter::option(
            "scaled",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether the clips that are kept are divided by 1 - p",
        ),
    ],
    facts: (),
    example: "let m = residual(linear(2) |> stochastic_depth(0.9)).build(#{ inputs: 2, seed: 0 }); \
        assert(m.forward(ones([1, 2])) != ones([1, 2]))",
    build: |settings| {
        let (p, scaled) = (settings.number("p"), settings.flag("scaled"));
        let kept = if scaled { 1.0 / (1.0 - p) } else { 1.0 };
        Ok(Arc::new(StochasticDepth { p, kept }))
    },
};

#[derive(Debug)]
struct StochasticDepth {
    p: f64,
    kept: f64,
}

impl Plan for StochasticDepth {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let layer = LeavingOut {
            p: self.p,
            kept: self.kept as f32,
            path: site.path(),
        };
        Ok(Fitted::new(input.clone(), |_| Node::plain(layer)))
    }
}

#[derive(Debug)]
struct LeavingOut {
    p: f64,
    kept: f32,
    path: String,
}

impl Each for LeavingOut {
    fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if self.p == 0.0 {
            return x;
        }
        let dims = x.dims();
        let facts = x.clone().reshape([dims[0], dims[1..].iter().product()]);
        let factors = factors_of::<D>(&self.path, self.p, self.kept, facts, &x.device());
        x * factors
    }
}

impl Operation for LeavingOut {
    fn apply(&self, x: Flow) -> Flow {
        x
    }

    fn to_onnx(&self, _: &mut Graph, x: Edge) -> Edge {
        x
    }

    fn train(&self, x: Flow) -> Flow {
        x.each(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn clips_are_left_out_whole_and_the_others_keep_the_mean() {
        let device = Device::flex().autodiff();
        let layer = LeavingOut {
            p: 0.5,
            kept: 2.0,
            path: "1.body.2".into(),
        };
        let clips: Vec<f32> = (0..64).flat_map(|k| [k as f32 + 1.0; 6]).collect();
        let x = Tensor::<3>::from_data(
            burn::tensor::TensorData::new(clips.clone(), [64, 2, 3]),
            &device,
        );
        let out: Vec<f32> = layer.on(x).into_data().iter::<f32>().collect();
        let left = |(got, was): (&[f32], &[f32])| {
            let factor = got[0] / was[0];
            assert!(got.iter().zip(was).all(|(g, w)| *g == factor * w));
            assert!(factor == 0.0 || factor == 2.0);
            factor == 0.0
        };
        let clips = out.chunks(6).zip(clips.chunks(6));
        let n_left = clips.map(left).filter(|left| *left).count();
        // Four standard deviations around a half.
        assert!((16..=48).contains(&n_left), "{n_left}");
    }
}

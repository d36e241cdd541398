//! Expressions of layers against PyTorch's `nn.Sequential`.

use super::*;
use crate::nn::layers::{Clips, Expression, Layers, Stack};
use crate::nn::{Input, export};
use serde::Deserialize;

/// These are ours: `make.py` beside them is what made them.
fn folder_of_layers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/vectors/layers")
}

impl Case {
    fn network(&self, device: &Device) -> Layers {
        let layers = Expression::from_json(&self.params["layers"]).unwrap();
        let clips = Clips::deserialize(&self.params["clips"]).unwrap();
        let stack = Stack::new(layers, clips).unwrap();
        let network = Layers::new(&stack, device).unwrap();
        let weights = self.weights();
        let names: Vec<String> = export(&network).into_keys().collect();
        assert_eq!(names, weights.keys().cloned().collect::<Vec<_>>());
        import(network, &weights).unwrap()
    }

    fn check_pass<const D: usize>(&self)
    where
        Input: From<Tensor<D>>,
    {
        let evaluated = self.network(&Device::flex());
        let x = self.tensor::<D>("x", &Device::flex());
        self.check("eval.out", &values(evaluated.forward(x.into()).unwrap()));
        let network = self.network(&device());
        let x = self.tensor::<D>("x", &device()).require_grad();
        let out = network.forward(x.clone().into()).unwrap();
        self.check("train.out", &values(out.clone()));
        check_named(self, "after", &export(&network.valid()));
        self.check_gradients(&network, scalar(out), &x);
    }
}

#[test]
fn expressions_equal_their_sequential_by_the_names_of_pytorch() {
    let cases = cases_in(&folder_of_layers(), "layers");
    assert_eq!(cases.len(), 3);
    for case in cases {
        match case.tensors["in.x"].0.len() {
            3 => case.check_pass::<3>(),
            _ => case.check_pass::<4>(),
        }
    }
}

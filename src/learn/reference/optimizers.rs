//! Optimizers and schedules.

use super::{Case, cases, cases_in, check_named, device, values};
use crate::nn::{BatchNorm, NamedTensor, export, freeze, import, is_within, weights_of};
use crate::train::optimizers::Groups;
use crate::train::{
    LarsVariant, Optimizer, OptimizerDeclaration, Schedule, ScheduleDeclaration, optimizers,
    schedules,
};
use auricle_audio::declare::Value;
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::nn::{Linear, LinearConfig};
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde_json::Value as Json;
use std::collections::BTreeMap;

fn number(name: &str, number: f64) -> (String, Value) {
    (name.to_owned(), Value::Drawn(number.into()))
}

fn word(name: &str, word: &str) -> (String, Value) {
    (name.to_owned(), Value::Word(word.to_owned()))
}

fn optimizer(name: &str, given: Vec<(String, Value)>) -> Optimizer {
    let declaration = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", name);
    declaration.unwrap().with(given).unwrap()
}

fn schedule<const N: usize>(name: &str, given: [(String, Value); N]) -> Schedule {
    let declaration = ScheduleDeclaration::find(schedules::CATALOGUE, "schedule", name);
    declaration.unwrap().with(given).unwrap()
}

#[test]
fn learning_rate_schedules() {
    for case in cases("lr_schedule") {
        let read = |json: &Json| json.as_f64().unwrap();
        let (warmup, total) = (
            read(&case.params["warmup_steps"]),
            read(&case.params["total_steps"]) as usize,
        );
        let base = read(&case.params["base_lr"]);
        let rise = schedule("warmup_cosine", [number("warmup_epochs", warmup)]);
        let got: Vec<f64> = (0..total)
            .map(|step| base * rise.factor(step, total, 1))
            .collect();
        case.check("warmup_cosine", &got);
        for variant in ["bolts", "lightly"] {
            let rise = [number("warmup_epochs", warmup), word("variant", variant)];
            let rise = schedule("warmup_cosine", rise);
            let got: Vec<f64> = (0..total)
                .map(|step| base * rise.factor(step, total, 1))
                .collect();
            case.check(variant, &got);
        }
        // Patch-Mix steps once an epoch and counts epochs from 1; here an epoch has 7 steps.
        let of = &case.params["patchmix"];
        let (epochs, rate) = (read(&of["epochs"]) as usize, read(&of["lr"]));
        let fall = schedule("warmup_cosine", [word("variant", "patch_mix")]);
        for step in [0, 6] {
            let got: Vec<f64> = (0..epochs)
                .map(|epoch| rate * fall.factor(7 * epoch + step, 7 * epochs, 7))
                .collect();
            case.check("patchmix_epoch", &got);
        }
        let multistep = &case.params["multistep"];
        let epochs = read(&multistep["epochs"]);
        let milestones = multistep["milestones"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| read(m) / epochs)
            .collect();
        let milestones = ("milestones".to_owned(), Value::Numbers(milestones));
        let gamma = number("factor", read(&multistep["gamma"]));
        let drops = schedule("step_decay", [milestones, gamma]);
        let rate = read(&multistep["lr"]);
        let got: Vec<f64> = (0..epochs as usize)
            .map(|step| rate * drops.factor(step, epochs as usize, 1))
            .collect();
        case.check("multistep", &got);
    }
}

/// Linear, batch norm, ReLU, linear: the network that the reference trains.
#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    bn: BatchNorm,
    fc2: Linear,
}

#[test]
fn optimizers_take_the_same_steps() {
    for case in cases("optim_e2e") {
        let (shape, _) = &case.tensors["in.x"];
        let [steps, batch, input] = shape[..] else {
            panic!("{shape:?}")
        };
        let (hidden, outputs) = (
            case.tensors["in.w.fc1.weight"].0[0],
            case.tensors["in.w.fc2.weight"].0[0],
        );
        let read = |optimizer: &str, name: &str| case.params[optimizer][name].as_f64().unwrap();
        let make = |name: &str, own: Option<&str>, decay: &str| {
            let mut given = vec![
                number(
                    "learning_rate",
                    case.params[name]["lr"].as_f64().unwrap_or(1.0),
                ),
                number("weight_decay", read(name, decay)),
            ];
            given.extend(own.map(|own| number(own, read(name, own))));
            if name == "lars" {
                given.push(number("momentum", read(name, "momentum")));
            }
            optimizer(name, given)
        };
        let optimizers = [
            ("sgd", make("sgd", Some("momentum"), "weight_decay")),
            ("adam", make("adam", None, "weight_decay_l2")),
            ("adamw", make("adamw", None, "weight_decay")),
            ("lars", make("lars", Some("trust"), "weight_decay")),
        ];
        for (name, optimizer) in optimizers {
            let network = Mlp {
                fc1: LinearConfig::new(input, hidden).init(&device()),
                bn: BatchNorm::new(hidden, &device()),
                fc2: LinearConfig::new(hidden, outputs).init(&device()),
            };
            let mut weights = export(&network.valid());
            weights.extend(case.weights());
            let mut network = import(network, &weights).unwrap();
            // The reference decays every tensor, ours matrices alone: what five steps make of that
            // is below the tolerance of the losses and of the matrices, which are compared. Its
            // LARS leaves out what ours does.
            let mut built = optimizer.build(&network, None).unwrap();
            let (x, labels) = (case.input("x"), case.labels("labels"));
            let mut losses = Vec::new();
            for step in 0..steps {
                let rows = &x[step * batch * input..][..batch * input];
                let rows: Vec<f32> = rows.iter().map(|&v| v as f32).collect();
                let x = Tensor::<2>::from_data(TensorData::new(rows, [batch, input]), &device());
                let truth: Vec<i64> = labels[step * batch..][..batch]
                    .iter()
                    .map(|&l| l as i64)
                    .collect();
                let truth =
                    Tensor::<2, Int>::from_data(TensorData::new(truth, [batch, 1]), &device());
                let loss = log_softmax(network.forward(x), 1)
                    .gather(1, truth)
                    .mean()
                    .neg();
                losses.extend(values(loss.clone()));
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                let factor = case.params[name]["lr_per_step"][step].as_f64();
                let rate = optimizer.learning_rate * factor.unwrap_or(1.0);
                network = built.step(rate, network, gradients);
            }
            case.check(&format!("{name}.losses"), &losses);
            let last = export(&network.valid());
            for (weight, tensor) in last
                .iter()
                .filter(|(weight, _)| case.has(&format!("{name}.final.{weight}")))
            {
                if tensor.shape.len() > 1 || name == "lars" {
                    let got: Vec<f64> = tensor.values.iter().map(|&v| f64::from(v)).collect();
                    case.check(&format!("{name}.final.{weight}"), &got);
                }
            }
        }
    }
}

/// These are ours: `make.py` beside them is what made them.
fn own_cases(kind: &str) -> Vec<Case> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/vectors/optimizers"
    );
    cases_in(folder.as_ref(), kind)
}

#[test]
fn schedules_are_those_of_pytorch() {
    for case in own_cases("schedules") {
        let epochs = case.number("epochs") as usize;
        let milestones = [12.0, 21.0, 27.0].map(|m| m / epochs as f64).to_vec();
        let milestones = ("milestones".to_owned(), Value::Numbers(milestones));
        let each = word("each", "epoch");
        let every = [
            number("factor", 0.5),
            number("first_epoch", 4.0),
            number("every_epochs", 4.0),
        ];
        let from = [number("first_epoch", 5.0)];
        let cosine = [number("warmup_epochs", 0.0), number("floor", 0.1)];
        let [fall, no_rise] = cosine;
        let drops = [milestones, number("factor", 0.2), each.clone()];
        for (name, schedule) in [
            ("multistep", schedule("step_decay", drops)),
            ("every", schedule("epoch_decay", every)),
            ("from", schedule("epoch_decay", from)),
            ("cosine", schedule("warmup_cosine", [fall, no_rise, each])),
            ("constant", schedule("constant", [])),
        ] {
            for step in [0, 4] {
                let got: Vec<f64> = (0..epochs)
                    .map(|epoch| schedule.factor(5 * epoch + step, 5 * epochs, 5))
                    .collect();
                case.check(name, &got);
            }
        }
    }
}

impl Mlp {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.fc2.forward(self.bn.forward_relu(self.fc1.forward(x)))
    }
}

#[test]
fn groups_and_frozen_parts_take_the_steps_of_pytorch() {
    for case in own_cases("groups") {
        let (shape, _) = &case.tensors["in.x"];
        let (steps, batch, input) = (shape[0], shape[1], shape[2]);
        let (weights, labels) = (case.weights(), case.labels("labels"));
        let (hidden, outputs) = (weights["fc1.weight"].shape[0], weights["fc2.bias"].shape[0]);
        let rates = case.params["rates"].as_object().unwrap();
        for (name, rate) in rates {
            let network = Mlp {
                fc1: LinearConfig::new(input, hidden)
                    .with_bias(false)
                    .init(&device()),
                bn: BatchNorm::new(hidden, &device()),
                fc2: LinearConfig::new(hidden, outputs).init(&device()),
            };
            let network = import(network, &weights).unwrap();
            let frozen = case.params["frozen"].as_array().unwrap();
            let is_frozen = |name: &str| {
                let mut parts = frozen.iter();
                parts.any(|part| is_within(part.as_str().unwrap(), name))
            };
            let names = weights_of(&network).into_iter().map(|weight| weight.name);
            let names = names.chain(["bn.training".to_owned()]);
            let mut network = freeze(
                network,
                &names.filter(|name| is_frozen(name)).collect(),
                true,
            );
            let groups = Groups::from_json(&case.params["groups"]).unwrap();
            let given = vec![
                number("learning_rate", rate.as_f64().unwrap()),
                number("weight_decay", case.number("weight_decay")),
                ("groups".to_owned(), groups.into()),
            ];
            let optimizer = optimizer(name, given);
            let mut built = optimizer.build(&network, None).unwrap();
            let mut losses = Vec::new();
            for step in 0..steps {
                let rows = &case.input("x")[step * batch * input..][..batch * input];
                let rows: Vec<f32> = rows.iter().map(|&v| v as f32).collect();
                let x = Tensor::<2>::from_data(TensorData::new(rows, [batch, input]), &device());
                let truth = labels[step * batch..][..batch].iter().map(|&l| l as i64);
                let truth = TensorData::new(truth.collect::<Vec<i64>>(), [batch, 1]);
                let truth = Tensor::<2, Int>::from_data(truth, &device());
                let loss = log_softmax(network.forward(x), 1).gather(1, truth);
                let loss = loss.mean().neg();
                losses.extend(values(loss.clone()));
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                let factor = case.params["factors"][step].as_f64().unwrap();
                let rate = optimizer.learning_rate * factor;
                network = built.step(rate, network, gradients);
            }
            case.check(&format!("{name}.losses"), &losses);
            let last = export(&network.valid());
            check_named(&case, &format!("{name}.final"), &last);
            for (name, tensor) in last.iter().filter(|(name, _)| is_frozen(name)) {
                assert_eq!(*tensor, weights[name], "{name}");
            }
        }
    }
}

/// Gradients of the values that a network of the same kind has as weights.
fn gradients_of<M: Module>(of: &M, values: &M) -> GradientsParams {
    #[derive(Default)]
    struct Ids(Vec<ParamId>);
    impl ModuleVisitor for Ids {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    struct Register(std::vec::IntoIter<ParamId>, GradientsParams);
    impl ModuleVisitor for Register {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.register::<D>(self.0.next().unwrap(), param.val());
        }
    }
    let mut ids = Ids::default();
    of.visit(&mut ids);
    let mut register = Register(ids.0.into_iter(), GradientsParams::new());
    values.visit(&mut register);
    register.1
}

#[test]
fn every_form_of_lars_takes_the_same_steps() {
    for case in cases("lars") {
        let size = |name: &str, axis: usize| case.tensors[&format!("in.p0.{name}")].0[axis];
        let (input, hidden, outputs) = (
            size("fc1.weight", 1),
            size("fc1.weight", 0),
            size("fc2.weight", 0),
        );
        // The same network holds weights in one copy and gradients in others.
        let network = |prefix: &str, device: &Device| {
            let network = Mlp {
                fc1: LinearConfig::new(input, hidden).init(device),
                bn: BatchNorm::new(hidden, device),
                fc2: LinearConfig::new(hidden, outputs).init(device),
            };
            let mut weights = export(&network.valid());
            weights.extend(named(&case, prefix));
            import(network, &weights).unwrap()
        };
        let rates: Vec<f64> = case.params["lr_per_step"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rate| rate.as_f64().unwrap())
            .collect();
        let forms = LarsVariant::WORDS
            .into_iter()
            .map(|(name, variant)| (variant, name, name, false))
            .chain([(LarsVariant::Lars, "lars", "lars_nesterov", true)]);
        for (variant, word, name, nesterov) in forms {
            // CLAR's code has a decay of its own.
            let decay = match variant {
                LarsVariant::AdamLarc => 1e-6,
                _ => case.number("weight_decay"),
            };
            let given = vec![
                ("variant".to_owned(), Value::Word(word.to_owned())),
                ("nesterov".to_owned(), Value::Flag(nesterov)),
                number("momentum", case.number("momentum")),
                number("learning_rate", 1.0),
                number("weight_decay", decay),
            ];
            let optimizer = optimizer("lars", given);
            let mut weights = network("p0", &device());
            let mut built = optimizer.build(&weights, None).unwrap();
            for (step, &rate) in rates.iter().enumerate() {
                let gradients = network(&format!("g{step}"), &Device::flex());
                let gradients = gradients_of(&weights, &gradients);
                weights = built.step(rate, weights, gradients);
                let mut checked = 0;
                for (weight, tensor) in export(&weights.valid()) {
                    let key = format!("{name}.p{}.{weight}", step + 1);
                    if case.has(&key) {
                        checked += 1;
                        let got: Vec<f64> = tensor.values.iter().map(|&v| f64::from(v)).collect();
                        case.check(&key, &got);
                    }
                }
                assert_eq!(checked, named(&case, "p0").len(), "{name}");
            }
        }
    }
}

/// Tensors of a case under a prefix, by PyTorch's names.
fn named(case: &Case, prefix: &str) -> BTreeMap<String, NamedTensor> {
    let prefix = format!("in.{prefix}.");
    let named = case.tensors.iter().filter_map(|(name, (shape, values))| {
        let tensor = NamedTensor {
            shape: shape.clone(),
            values: values.iter().map(|&v| v as f32).collect(),
        };
        Some((name.strip_prefix(&prefix)?.to_owned(), tensor))
    });
    named.collect()
}

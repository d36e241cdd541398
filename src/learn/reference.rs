//! Agreement with vectors that PyTorch and scikit-learn computed in double precision.
//!
//! The vectors are packed in the project (`tests/golden/vectors/ssl`); `AURICLE_VECTORS` names another folder of the same layout to
//! be used instead. Every case of a kind that exists here is run, whatever its name, sizes and values.

mod encoders;
mod layers;
mod losses;
mod metrics;
mod optimizers;

use crate::eval::{
    ClassWeight, KnnOptions, LogisticOptions, LogisticRegression, Matrix, Penalty, Scaler,
    knn_scores, mean_interval, wilson,
};
use crate::loss::normalized;
use crate::nn::{NamedTensor, Projector, ResNet18, ResNet18Options, export, import};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    let packed = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/vectors");
    std::env::var_os("AURICLE_VECTORS")
        .map_or_else(packed, PathBuf::from)
        .join("ssl")
}

struct Case {
    id: String,
    params: Json,
    tolerance: Json,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
}

/// Every case of a kind; that there is none is a failure.
fn cases(kind: &str) -> Vec<Case> {
    cases_in(&folder(), kind)
}

fn cases_in(folder: &Path, kind: &str) -> Vec<Case> {
    let path = folder.join("manifest.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("the reference vectors are missing: {path:?}: {e}"));
    let manifest: Json = serde_json::from_str(&text).unwrap();
    let cases: Vec<Case> = manifest["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["kind"] == kind)
        .map(|case| Case {
            id: case["id"].as_str().unwrap().to_owned(),
            params: case["params"].clone(),
            tolerance: case["tolerance"].clone(),
            tensors: tensors(&folder.join(case["file"].as_str().unwrap())),
        })
        .collect();
    assert!(!cases.is_empty(), "no case of kind {kind}");
    cases
}

fn tensors(path: &std::path::Path) -> BTreeMap<String, (Vec<usize>, Vec<f64>)> {
    let bytes = std::fs::read(path).unwrap_or_else(|_| {
        let mut packed = path.as_os_str().to_owned();
        packed.push(".gz");
        let file = std::fs::File::open(&packed)
            .unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    });
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let values = |view: &safetensors::tensor::TensorView<'_>| -> Vec<f64> {
        let data = view.data();
        match view.dtype() {
            Dtype::F32 => data
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()).into())
                .collect(),
            Dtype::F64 => data
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
                .collect(),
            Dtype::I64 => data
                .chunks_exact(8)
                .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
                .collect(),
            other => panic!("{other:?}"),
        }
    };
    file.tensors()
        .iter()
        .map(|(name, view)| (name.clone(), (view.shape().to_vec(), values(view))))
        .collect()
}

impl Case {
    fn input(&self, name: &str) -> &[f64] {
        &self.tensors[&format!("in.{name}")].1
    }

    fn labels(&self, name: &str) -> Vec<usize> {
        self.input(name).iter().map(|&v| v as usize).collect()
    }

    /// Labels, where a number below 0 says that one is missing.
    fn some_labels(&self, name: &str) -> Vec<Option<usize>> {
        let label = |&value: &f64| (value >= 0.0).then_some(value as usize);
        self.input(name).iter().map(label).collect()
    }

    fn number(&self, param: &str) -> f64 {
        self.params[param].as_f64().unwrap()
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = &self.tensors[&format!("in.{name}")];
        let values: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        let shape: [usize; D] = shape.clone().try_into().unwrap();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn matrix(&self, name: &str) -> Matrix {
        let (shape, values) = &self.tensors[&format!("in.{name}")];
        Matrix {
            columns: shape[1],
            values: values.clone(),
        }
    }

    /// The weights of the case by PyTorch's names.
    fn weights(&self) -> BTreeMap<String, NamedTensor> {
        let named = self.tensors.iter().filter_map(|(name, (shape, values))| {
            let values = values.iter().map(|&v| v as f32).collect();
            Some((
                name.strip_prefix("in.w.")?.to_owned(),
                NamedTensor {
                    shape: shape.clone(),
                    values,
                },
            ))
        });
        named.collect()
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(&format!("out.{name}"))
    }

    fn check(&self, name: &str, got: &[f64]) {
        let key = format!("out.{name}");
        let want = &self.tensors[&key].1;
        let bound = |field: &str| self.tolerance[&key][field].as_f64().unwrap();
        let (rtol, atol) = (bound("rtol"), bound("atol"));
        assert_eq!(got.len(), want.len(), "{} {key}", self.id);
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            assert!(
                (g - w).abs() <= atol + rtol * w.abs(),
                "{} {key}[{i}]: {g}, wanted {w}",
                self.id
            );
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn device() -> Device {
    Device::flex().autodiff()
}

/// `sum(out * cos(k))`, `k = 1..`, the scalar that the reference differentiates.
fn scalar<const D: usize>(out: Tensor<D>) -> Tensor<1> {
    let n = out.dims().iter().product::<usize>();
    let cosines: Vec<f32> = (1..=n).map(|k| (k as f64).cos() as f32).collect();
    let weights = Tensor::<D>::from_data(TensorData::new(cosines, out.dims()), &out.device());
    (out * weights).sum()
}

/// Gradients by PyTorch's names: a copy of the module gets them as weights and is exported.
fn named_gradients<M: Module>(
    module: &M,
    gradients: &GradientsParams,
) -> BTreeMap<String, NamedTensor> {
    struct Take<'a>(&'a GradientsParams);
    impl burn::module::ModuleMapper for Take<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let id: ParamId = param.id;
            let gradient = self.0.get::<D>(id);
            param.map(|old| match gradient {
                Some(gradient) => Tensor::from_data(gradient.into_data(), &old.device()),
                None => old,
            })
        }
    }
    // Mapping writes running statistics through to the original, so the copy is made of exported values.
    export(&module.clone().map(&mut Take(gradients)))
}

fn check_named(case: &Case, prefix: &str, tensors: &BTreeMap<String, NamedTensor>) {
    let mut checked = 0;
    for (name, tensor) in tensors {
        if case.has(&format!("{prefix}.{name}")) {
            checked += 1;
            case.check(
                &format!("{prefix}.{name}"),
                &tensor
                    .values
                    .iter()
                    .map(|&v| f64::from(v))
                    .collect::<Vec<_>>(),
            );
        }
    }
    let wanted = case
        .tensors
        .keys()
        .filter(|key| key.starts_with(&format!("out.{prefix}.")))
        .count();
    assert_eq!(checked, wanted, "{}: {prefix}", case.id);
}

#[test]
fn resnet18_forward_gradients_and_running_statistics() {
    let mut run = 0;
    for case in cases("resnet18")
        .into_iter()
        .filter(|case| case.params["dims"] == 2)
    {
        run += 1;
        let count = |name: &str| case.params[name].as_u64().map(|n| n as usize);
        let options = ResNet18Options {
            width: count("base_width").unwrap(),
            channels: count("in_channels").unwrap(),
            stem_bias: case.params["stem_bias"] == true,
            fc: count("fc"),
        };
        let make = || import(ResNet18::new(options, &device()).unwrap(), &case.weights()).unwrap();
        let evaluated = make().valid();
        let x = case.tensor::<4>("x", &Device::flex());
        case.check("eval.out", &values(evaluated.forward(x.clone())));
        if case.has("eval.layer1") {
            case.check("eval.layer1", &values(evaluated.first_stage(x)));
        }
        let network = make();
        let x = case.tensor::<4>("x", &device()).require_grad();
        let out = network.forward(x.clone());
        case.check("train.out", &values(out.clone()));
        let loss = scalar(out);
        case.check("loss", &values(loss.clone()));
        let mut gradients = loss.backward();
        if case.has("grad_x") {
            case.check("grad_x", &values(x.grad(&gradients).unwrap()));
        }
        check_named(&case, "after", &export(&network.valid()));
        let gradients = GradientsParams::from_module(&mut gradients, &network);
        check_named(&case, "grad", &named_gradients(&network, &gradients));
    }
    assert!(run > 0, "no two-dimensional ResNet-18 among the cases");
}

#[test]
fn simclr_head_in_both_modes() {
    for case in cases("simclr_head") {
        let size = |name: &str| case.params[name].as_u64().unwrap() as usize;
        let make = || {
            let head = Projector::new(size("in"), size("hidden"), size("out"), &device());
            import(head, &case.weights()).unwrap()
        };
        // The reference's head ends in the normalization that stands in our loss.
        case.check(
            "eval.0",
            &values(normalized(
                make()
                    .valid()
                    .forward(case.tensor::<2>("x", &Device::flex())),
            )),
        );
        let head = make();
        let x = case.tensor::<2>("x", &device()).require_grad();
        let out = normalized(head.forward(x.clone()));
        case.check("train.0", &values(out.clone()));
        let loss = scalar(out);
        case.check("loss", &values(loss.clone()));
        let mut gradients = loss.backward();
        case.check("grad_x", &values(x.grad(&gradients).unwrap()));
        check_named(&case, "after", &export(&head.valid()));
        let gradients = GradientsParams::from_module(&mut gradients, &head);
        check_named(&case, "grad", &named_gradients(&head, &gradients));
    }
}

#[test]
fn logistic_regression_finds_the_same_minimum() {
    for case in cases("logistic_regression") {
        let (x, test, labels) = (
            case.matrix("x"),
            case.matrix("x_test"),
            case.labels("labels"),
        );
        let n_classes = case.params["classes"].as_u64().unwrap() as usize;
        let class_weight = if case.params["class_weight"] == "balanced" {
            ClassWeight::Balanced
        } else {
            ClassWeight::None
        };
        let scaler = Scaler::fit(&x);
        case.check("scaler_mean", &scaler.mean);
        case.check("scaler_std", &scaler.deviation);
        for c in case.params["C"].as_array().unwrap() {
            let options = LogisticOptions {
                penalty: Penalty::C(c.as_f64().unwrap()),
                class_weight,
            };
            let text = format!("{c}").trim_end_matches(".0").to_owned();
            for (kind, x, test) in [
                ("raw", x.clone(), test.clone()),
                ("std", scaler.apply(&x), scaler.apply(&test)),
            ] {
                let model = LogisticRegression::fit(&x, &labels, n_classes, options).unwrap();
                assert!(model.converged, "{} {kind} C {c}", case.id);
                case.check(&format!("{kind}_C{text}.coef"), &model.weights.values);
                // With a softmax the intercepts are determined up to a constant.
                let mean = model.intercepts.iter().sum::<f64>() / model.intercepts.len() as f64;
                let shift = if n_classes > 2 { mean } else { 0.0 };
                let intercepts: Vec<f64> = model.intercepts.iter().map(|b| b - shift).collect();
                case.check(&format!("{kind}_C{text}.intercept"), &intercepts);
                case.check(
                    &format!("{kind}_C{text}.proba"),
                    &model.probabilities(&test).values,
                );
            }
        }
    }
}

#[test]
fn nearest_neighbours_vote_the_same() {
    for case in cases("knn") {
        let labels = case.labels("bank_labels");
        let options = KnnOptions {
            k: case.params["k"].as_u64().unwrap() as usize,
            temperature: case.params["temperature"].as_f64().unwrap(),
        };
        let n_classes = case.tensors["out.class_scores"].0[1];
        let scores = knn_scores(
            &case.matrix("bank"),
            &labels,
            &case.matrix("query"),
            n_classes,
            options,
        )
        .unwrap();
        case.check("class_scores", &scores.values);
        let best = |row: &[f64]| {
            (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best }) as f64
        };
        case.check(
            "pred",
            &(0..scores.rows())
                .map(|row| best(scores.row(row)))
                .collect::<Vec<_>>(),
        );
    }
}

#[test]
fn intervals() {
    for case in cases("metric_uncertainty") {
        let runs = mean_interval(case.input("runs"));
        case.check("runs.mean", &[runs.value]);
        case.check("runs.half_width", &[runs.high - runs.value]);
        let count = |name: &str| case.params["wilson"][name].as_u64().unwrap() as usize;
        let interval = wilson(count("successes"), count("trials"));
        case.check("wilson.low", &[interval.low]);
        case.check("wilson.high", &[interval.high]);
    }
}

#[test]
fn every_weight_of_the_encoder_gets_a_gradient() {
    struct Count<'a>(&'a GradientsParams, usize, usize);
    impl ModuleVisitor for Count<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.val().is_require_grad() {
                self.1 += 1;
                self.2 += usize::from(self.0.get::<D>(param.id).is_some());
            }
        }
    }
    let options = ResNet18Options {
        width: 2,
        ..ResNet18Options::default()
    };
    let network = crate::nn::initialize(ResNet18::new(options, &device()).unwrap(), 1).unwrap();
    let loss = scalar(network.forward(Tensor::ones([3, 1, 40, 33], &device())));
    let gradients = GradientsParams::from_grads(loss.backward(), &network);
    let mut count = Count(&gradients, 0, 0);
    network.visit(&mut count);
    // 20 convolutions, and scale and shift of 20 normalizations.
    assert_eq!((count.1, count.2), (60, 60));
}

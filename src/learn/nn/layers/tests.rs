//! Expressions as networks.

use super::writing::{chain, layer, named, number, simple};
use super::*;
use crate::nn::{
    Architecture, AstOptions, Cnn6Options, Encoder, Geometry, Input, LoadOptions, MlpOptions,
    Network, Pathways, Pooling, ResNet18Options, ResNet18WavesOptions, SlowfastNfnetOptions,
    count_parameters, export, import, with_maps,
};
use crate::{Device, Tensor};
use auricle_audio::Rng;
use auricle_audio::declare::Value;
use burn::module::Module;
use burn::tensor::TensorData;

fn noise<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut values = vec![0.0; shape.iter().product()];
    Rng::from_words(&[7]).fill_normal(&mut values);
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn input(dims: &[usize], device: &Device) -> Input {
    match *dims {
        [a, b, c, d] => noise([a, b, c, d], device).into(),
        [a, b, c] => noise([a, b, c], device).into(),
        [a, b] => noise([a, b], device).into(),
        _ => unreachable!("inputs have two to four axes"),
    }
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

fn conv(channels: usize, options: &[(&'static str, usize)]) -> Expression {
    let options = options.iter().map(|&(name, n)| (name, number(n)));
    let values = std::iter::once(("channels", number(channels))).chain(options);
    layer("conv2d", values.collect()).unwrap()
}

fn with(name: &str, values: Vec<(&str, Value)>) -> Expression {
    layer(name, values).unwrap()
}

fn plain(name: &str) -> Expression {
    simple(name).unwrap()
}

fn features(channels: usize) -> Clips {
    Clips::Features {
        channels,
        bands: None,
        frames: None,
    }
}

/// Layers of every kind, and the clips they are for.
fn zoo() -> Vec<(Expression, Clips, Vec<usize>)> {
    let block = with(
        "residual",
        vec![
            (
                "body",
                conv(6, &[("stride", 2)]).then(&plain("batch_norm")).into(),
            ),
            ("shortcut", conv(6, &[("stride", 2), ("kernel", 1)]).into()),
        ],
    );
    let sizes = |numbers: &[f64]| Value::Numbers(numbers.to_vec());
    let same = || Value::Word("same".into());
    let odd = vec![
        ("channels", number(4)),
        ("kernel", sizes(&[4.0, 3.0])),
        ("stride", sizes(&[1.0, 2.0])),
        ("dilation", sizes(&[2.0, 1.0])),
        ("groups", number(2)),
    ];
    let pool = vec![
        ("kernel", number(3)),
        ("stride", number(2)),
        ("padding", same()),
    ];
    let branches = Branches(vec![plain("global_max"), plain("global_mean")]);
    let joined = vec![
        ("branches", branches.into()),
        ("join", Value::Word("concat".into())),
    ];
    let maps = chain([
        conv(4, &[]),
        plain("batch_norm"),
        plain("relu"),
        with("conv2d", odd),
        with("group_norm", vec![("groups", number(2))]),
        plain("leaky_relu"),
        with("max_pool", pool.clone()),
        block,
        plain("relu"),
        with(
            "ws_conv2d",
            vec![("channels", number(6)), ("groups", number(3))],
        ),
        plain("silu"),
        with("avg_pool", pool),
        with("parallel", joined),
        plain("dropout"),
        plain("stochastic_depth"),
        with("linear", vec![("outputs", number(5))]),
    ]);
    let tokens = chain([
        with(
            "patch_embed",
            vec![("dim", number(8)), ("patch", number(4))],
        ),
        plain("positions"),
        with(
            "transformer",
            vec![("heads", number(2)), ("depth", number(2))],
        ),
        plain("layer_norm"),
        plain("gelu"),
        plain("global_mean"),
    ]);
    let line = chain([
        with(
            "conv1d",
            vec![("channels", number(4)), ("stride", number(3))],
        ),
        plain("batch_norm"),
        with("max_pool", vec![("kernel", number(2))]),
        with("avg_pool", vec![("kernel", number(2))]),
        plain("flatten"),
        with(
            "linear",
            vec![("outputs", number(3)), ("bias", Value::Flag(false))],
        ),
    ]);
    let lines = Clips::Waves {
        channels: 2,
        samples: Some(50),
    };
    let sized = Clips::Features {
        channels: 1,
        bands: Some(8),
        frames: Some(12),
    };
    let row = with("linear", vec![("outputs", number(4))]).then(&plain("batch_norm"));
    vec![
        (maps, features(2), vec![2, 23, 31]),
        (tokens, sized, vec![1, 8, 12]),
        (line, lines, vec![2, 50]),
        (row, Clips::Rows { inputs: 6 }, vec![6]),
    ]
}

fn encoder(layers: Expression, clips: Clips, seed: u64) -> Encoder {
    let stack = Stack::new(layers, clips).unwrap();
    Encoder::new(Architecture::Layers(stack), seed, &Device::flex()).unwrap()
}

#[test]
fn every_layer_computes_what_its_shapes_and_its_summary_say() {
    let mut used = std::collections::BTreeSet::new();
    for (layers, clips, clip) in zoo() {
        used.extend(layers.layers().iter().map(|layer| layer.declaration().name));
        let stack = Stack::new(layers, clips).unwrap();
        let architecture = Architecture::Layers(stack.clone());
        let summary = architecture.summary(&clip).unwrap();
        for device in [Device::flex(), Device::flex().autodiff()] {
            let network = Network::new(&architecture, &device).unwrap();
            let n_parameters = count_parameters(&network);
            assert_eq!(summary.n_parameters(), n_parameters, "{architecture}");
            let dims: Vec<usize> = std::iter::once(3).chain(clip.iter().copied()).collect();
            let out = network.forward(input(&dims, &device)).unwrap();
            assert_eq!(out.dims(), [3, stack.dim()], "{architecture}");
            let named: Vec<String> = export(&network).into_keys().collect();
            let traced = summary.layers.iter().filter(|layer| layer.n_parameters > 0);
            for layer in traced {
                assert!(
                    named.iter().any(|name| name.starts_with(&layer.name)),
                    "{} is in no name of {named:?}",
                    layer.name
                );
            }
        }
    }
    used.extend(["named", "global_max"]);
    // Of these the built-in encoders consist, whose expressions are compared with them.
    used.extend([
        "swap_axes",
        "slow_fast",
        "nf_block",
        "patch_tokens",
        "token_mean",
    ]);
    let all = catalogue().iter().map(|declaration| declaration.name);
    assert_eq!(used, all.collect());
}

#[test]
fn every_shape_of_a_map_is_what_the_layer_gives() {
    let (layers, clips, clip) = zoo().remove(0);
    let summary = Stack::new(layers.clone(), clips)
        .unwrap()
        .summary(&clip)
        .unwrap();
    let encoder = encoder(layers, clips, 1);
    let names = summary.layers.iter().filter(|layer| !layer.name.is_empty());
    let names: Vec<String> = names.map(|layer| layer.name.clone()).collect();
    let x = input(&[3, 2, 23, 31], &Device::flex());
    let (out, found) = with_maps(&encoder, x.clone(), &names, &Device::flex()).unwrap();
    assert_eq!(numbers(out), numbers(encoder.embed(x.clone()).unwrap()));
    for layer in &summary.layers {
        let (_, map) = found.iter().find(|(name, _)| *name == layer.name).unwrap();
        let dims = match map {
            Flow::Map(x) => x.dims().to_vec(),
            Flow::Line(x) | Flow::Tokens(x) => x.dims().to_vec(),
            Flow::Row(x) => x.dims().to_vec(),
        };
        assert_eq!(dims[1..], layer.shape, "{}", layer.name);
    }
    let missing = with_maps(&encoder, x, &["layer9".into()], &Device::flex());
    assert_eq!(
        missing.unwrap_err().to_string(),
        "no layer is named `layer9`"
    );
}

/// What a norm computes along the way is the same as what the layers compute by themselves.
#[test]
fn a_map_that_is_asked_for_is_what_the_layer_alone_gives() {
    let layers = chain([
        conv(3, &[]),
        plain("batch_norm"),
        plain("relu"),
        plain("global_mean"),
    ]);
    let encoder = encoder(layers, features(1), 1);
    let x = input(&[2, 1, 9, 9], &Device::flex());
    let names = ["1".to_owned(), "2".to_owned()];
    let (_, found) = with_maps(&encoder, x, &names, &Device::flex()).unwrap();
    let values = |index: usize| match &found[index] {
        (_, Flow::Map(x)) => numbers(x.clone()),
        other => panic!("{other:?}"),
    };
    assert!(values(0).iter().any(|&v| v < 0.0));
    let cut: Vec<f32> = values(0).iter().map(|&v| v.max(0.0)).collect();
    assert_eq!(cut, values(1));
}

#[test]
fn weights_have_the_names_of_sequential() {
    let block = vec![
        ("body", conv(4, &[]).then(&plain("batch_norm")).into()),
        (
            "shortcut",
            conv(4, &[("kernel", 1)]).then(&plain("batch_norm")).into(),
        ),
    ];
    let layers = chain([
        conv(3, &[]),
        plain("batch_norm"),
        plain("relu"),
        with("residual", block),
        named("layer1", conv(2, &[]).then(&conv(2, &[]))).unwrap(),
        named("head.conv", conv(2, &[])).unwrap(),
        plain("global_mean"),
    ]);
    let weights = encoder(layers, features(1), 0).weights();
    for name in [
        "0.weight",
        "1.running_mean",
        "3.body.0.weight",
        "3.body.1.weight",
        "3.shortcut.0.bias",
        "layer1.1.weight",
        "head.conv.bias",
    ] {
        assert!(weights.contains_key(name), "{name} of {:?}", weights.keys());
    }
}

#[test]
fn expressions_print_compare_and_come_back_from_json() {
    for (layers, clips, _) in zoo() {
        let json = serde_json::to_string(&layers.to_json()).unwrap();
        let read = Expression::from_json(&serde_json::from_str(&json).unwrap()).unwrap();
        assert_eq!(read, layers);
        assert_eq!(read.to_string(), layers.to_string());
        let stack = Stack::new(layers, clips).unwrap();
        let architecture = Architecture::Layers(stack);
        let text = serde_json::to_string(&architecture).unwrap();
        assert_eq!(
            serde_json::from_str::<Architecture>(&text).unwrap(),
            architecture
        );
    }
    let odd = vec![
        ("channels", number(4)),
        ("kernel", Value::Numbers(vec![4.0, 3.0])),
    ];
    let odd = with("conv2d", odd).then(&conv(2, &[("stride", 2)]));
    assert_eq!(
        odd.to_string(),
        "conv2d(4, #{ kernel: [4, 3] }) |> conv2d(2, #{ stride: 2 })"
    );
    let misspelt = serde_json::json!([{ "conv2d": { "chanels": 4 } }]);
    let error = Expression::from_json(&misspelt).unwrap_err().to_string();
    assert!(error.contains("chanels"), "{error}");
}

#[test]
fn a_misfit_names_the_layer_what_it_needs_and_what_it_is_given() {
    let refused =
        |layers: Expression, clips: Clips| Stack::new(layers, clips).err().unwrap().to_string();
    let linear = with("linear", vec![("outputs", number(10))]);
    let stride = conv(4, &[("stride", 2)]);
    assert_eq!(
        refused(chain([stride.clone(), linear.clone()]), features(1)),
        "layer 1, `linear(10)`, needs a row or tokens, as `global_mean()` or `flatten()` before it \
         gives; it is given a map [4, bands / 2, frames / 2]"
    );
    let residual = with("residual", vec![("body", stride.clone().into())]);
    assert_eq!(
        refused(
            named("layer1", residual.then(&plain("relu"))).unwrap(),
            features(4)
        ),
        "layer layer1.0, `residual(conv2d(4, #{ stride: 2 }))`, needs a body that gives its input, a \
         map [4, bands, frames], or a `shortcut`; it is given a map [4, bands / 2, frames / 2]"
    );
    let large = with(
        "conv2d",
        vec![
            ("channels", number(2)),
            ("kernel", number(9)),
            ("padding", number(0)),
        ],
    );
    let sized = Clips::Features {
        channels: 1,
        bands: Some(8),
        frames: None,
    };
    assert_eq!(
        refused(large.then(&plain("global_mean")), sized),
        "layer 0, `conv2d(2, #{ kernel: 9, padding: 0 })`, needs an axis of at least 9; it is given a \
         map [1, 8, frames]"
    );
    assert_eq!(
        refused(stride.then(&plain("flatten")), features(1)),
        "layer 1, `flatten()`, needs the sizes of all axes: give `build` the `bands` and `frames`, or \
         `samples`; it is given a map [4, bands / 2, frames / 2]"
    );
    assert_eq!(
        refused(conv(2, &[]), features(0)),
        "`channels` must be within 1..=1024, not 0"
    );
    let huge = with("linear", vec![("outputs", number(65536))]);
    assert_eq!(
        refused(huge, Clips::Rows { inputs: 1 << 24 }),
        "the layers have 1099511693312 weights, at most 2147483648 are built"
    );
    assert_eq!(
        refused(conv(2, &[]), features(1)),
        "the layers give a map [2, bands, frames], an embedding is a row"
    );
    let twice = named("a", linear.clone()).unwrap();
    assert_eq!(
        refused(twice.then(&twice), Clips::Rows { inputs: 3 }),
        "`name` must be different for layers with weights, not `a` twice"
    );
}

#[test]
fn clips_that_layers_cannot_read_are_an_error() {
    let large = with(
        "conv2d",
        vec![
            ("channels", number(2)),
            ("kernel", number(9)),
            ("padding", number(0)),
        ],
    );
    let encoder = encoder(large.then(&plain("global_mean")), features(1), 0);
    let refused = |dims: &[usize]| {
        let embedded = encoder.embed(input(dims, &Device::flex()));
        embedded.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&[2, 1, 8, 30]),
        "layer 0, `conv2d(2, #{ kernel: 9, padding: 0 })`, needs an axis of at least 9; it is given a \
         map [1, 8, 30]"
    );
    assert_eq!(
        refused(&[2, 3, 30, 30]),
        "the input of the encoder must be [1, bands, frames], not [3, 30, 30]"
    );
}

/// Small encoders that have an expression, and inputs for them.
fn built_in() -> Vec<(Architecture, Vec<usize>)> {
    let waves = |geometry, fc| {
        Architecture::ResNet18Waves(ResNet18WavesOptions {
            width: 3,
            channels: 2,
            geometry,
            stem_bias: true,
            fc,
        })
    };
    let resnet = |stem_bias, fc| {
        Architecture::ResNet18(ResNet18Options {
            width: 4,
            channels: 2,
            stem_bias,
            fc,
        })
    };
    let cnn6 = Cnn6Options {
        width: 3,
        channels: 2,
    };
    let ast = |options| {
        Architecture::Ast(AstOptions {
            dim: 12,
            depth: 2,
            heads: 3,
            bands: 40,
            frames: 50,
            ..options
        })
    };
    let by_mean = AstOptions {
        distilled: false,
        pooling: Pooling::Mean,
        stride: 16,
        classes: Some(5),
        norm_epsilon: Some(1e-7),
        ..AstOptions::default()
    };
    let nfnet = |pathways| {
        Architecture::SlowfastNfnet(SlowfastNfnetOptions {
            width: 32,
            channels: 2,
            pathways,
            // So that clips are left out in every network.
            stochastic_depth: 0.6,
        })
    };
    let plain = |batch_norm| {
        Architecture::Mlp(MlpOptions {
            inputs: 24,
            layers: vec![7, 6, 5],
            batch_norm,
        })
    };
    vec![
        (resnet(false, None), vec![5, 2, 39, 45]),
        (resnet(true, Some(7)), vec![5, 2, 64, 32]),
        (waves(Geometry::Squared, None), vec![3, 2, 777]),
        (waves(Geometry::Code, Some(4)), vec![3, 2, 512]),
        (Architecture::Cnn6(cnn6), vec![3, 2, 33, 47]),
        (plain(true), vec![6, 24]),
        (plain(false), vec![6, 2, 3, 4]),
        (ast(AstOptions::default()), vec![3, 1, 40, 50]),
        (ast(by_mean), vec![3, 1, 48, 33]),
        (nfnet(Pathways::Both), vec![6, 2, 37, 45]),
        (nfnet(Pathways::Slow), vec![6, 2, 40, 33]),
        (nfnet(Pathways::Fast), vec![6, 2, 33, 64]),
    ]
}

#[test]
fn an_expression_of_a_built_in_encoder_equals_it_to_the_last_bit() {
    for (architecture, dims) in built_in() {
        let stack = architecture.stack().unwrap();
        let device = Device::flex();
        let encoder = Encoder::new(architecture.clone(), 5, &device).unwrap();
        let weights = encoder.weights();
        let same = Architecture::Layers(stack);
        let blank = Encoder::new(same.clone(), 9, &device).unwrap();
        let shapes = |encoder: &Encoder| -> Vec<(String, Vec<usize>)> {
            let weights = encoder.weights().into_iter();
            weights.map(|(name, tensor)| (name, tensor.shape)).collect()
        };
        assert_eq!(shapes(&blank), shapes(&encoder), "{architecture}");
        let drawn = Encoder::new(same.clone(), 5, &device).unwrap();
        assert!(drawn.weights() == weights, "{architecture}");
        // Where gains start at 0, the weights behind them would not be seen.
        let mut weights = weights;
        let gains = weights.iter_mut();
        let gains = gains.filter(|(name, _)| name.ends_with("skip_gain"));
        gains.for_each(|(_, gain)| gain.values[0] = 0.5);
        let encoder = encoder.with_weights(&weights, &device).unwrap();
        let filled = blank.with_weights(&weights, &device).unwrap();
        let of = |encoder: &Encoder| numbers(encoder.embed(input(&dims, &device)).unwrap());
        assert_eq!(of(&filled), of(&encoder), "{architecture}");
        // While it is trained: outputs, gradients and running statistics.
        let step = |architecture: &Architecture| {
            let device = Device::flex().autodiff();
            let network = Network::new(architecture, &device).unwrap();
            let network = import(network, &weights).unwrap();
            let out = network.forward(input(&dims, &device)).unwrap();
            let loss = (out.clone() * noise(out.dims(), &device)).sum();
            let mut gradients = Gradients {
                grads: Some(loss.backward()),
                found: Vec::new(),
            };
            network.visit(&mut gradients);
            // Names are the same, their order need not be.
            gradients.found.sort_by(|a, b| a.partial_cmp(b).unwrap());
            (numbers(out), gradients.found, export(&network.valid()))
        };
        assert!(step(&architecture) == step(&same), "{architecture}");
    }
}

/// The gradients of all weights, in the order of the module.
struct Gradients {
    grads: Option<burn::tensor::Gradients>,
    found: Vec<Vec<f32>>,
}

impl burn::module::ModuleVisitor for Gradients {
    fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
        let gradient = self
            .grads
            .as_ref()
            .and_then(|grads| param.val().grad(grads));
        self.found.extend(gradient.map(numbers));
    }
}

#[test]
fn an_expression_prints_as_source_that_builds_it_again() {
    for (architecture, dims) in built_in() {
        let stack = architecture.stack().unwrap();
        let summary = stack.summary(&dims[1..]).unwrap();
        let same = architecture.summary(&dims[1..]).unwrap();
        assert_eq!(
            summary.n_parameters(),
            same.n_parameters(),
            "{architecture}"
        );
        assert_eq!(
            summary.multiply_adds(),
            same.multiply_adds(),
            "{architecture}"
        );
        let source = stack.layers().pretty();
        assert!(source.lines().all(|line| line.len() <= 140), "{source}");
        let json = stack.layers().to_json();
        assert_eq!(&Expression::from_json(&json).unwrap(), stack.layers());
        assert_eq!(stack.dim(), architecture.dim(), "{architecture}");
    }
    let resnet = built_in().remove(0).0.stack().unwrap();
    let source = resnet.layers().pretty();
    let lines: Vec<&str> = source.lines().collect();
    assert_eq!(
        lines[..10],
        [
            "named(\"conv1\", conv2d(4, #{ kernel: 7, stride: 2, bias: false }))",
            "|> named(\"bn1\", batch_norm())",
            "|> relu()",
            "|> max_pool(3, #{ stride: 2, padding: 1 })",
            "|> named(\"layer1\",",
            "    named(\"0\",",
            "        residual(",
            "            named(\"conv1\", conv2d(4, #{ bias: false }))",
            "            |> named(\"bn1\", batch_norm())",
            "            |> relu()",
        ]
    );
}

#[test]
fn a_seed_draws_the_same_weights_and_each_kind_its_own_way() {
    let (tokens, clips, _) = zoo().remove(1);
    let weights = encoder(tokens.clone(), clips, 4).weights();
    assert_eq!(weights, encoder(tokens.clone(), clips, 4).weights());
    assert_ne!(weights, encoder(tokens, clips, 5).weights());
    let largest = |name: &str| {
        let values = weights[name].values.iter();
        values.fold(0f32, |most, v| most.max(v.abs()))
    };
    assert!((0.02..=0.04).contains(&largest("1.pos_embed")));
    assert!((0.02..=0.04).contains(&largest("2.1.mlp.fc1.weight")));
    assert!((0.2..=0.25).contains(&largest("0.proj.weight")));
    assert_eq!(largest("2.0.attn.qkv.bias"), 0.0);
}

#[test]
fn a_file_of_an_expression_is_loaded_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    for (layers, clips, clip) in zoo() {
        let trained = encoder(layers.clone(), clips, 1);
        trained.save(&path).unwrap();
        let blank = encoder(layers, clips, 2);
        let loaded = blank
            .load(&path, LoadOptions::default(), &Device::flex())
            .unwrap();
        let dims: Vec<usize> = std::iter::once(2).chain(clip).collect();
        let of = |encoder: &Encoder| numbers(encoder.embed(input(&dims, &Device::flex())).unwrap());
        assert_eq!(of(&loaded), of(&trained));
        assert_ne!(of(&blank), of(&trained));
    }
}

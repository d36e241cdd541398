//! Encoders and heads against PyTorch.

use super::*;
use crate::nn::Transformer;
use crate::nn::{
    Architecture, Ast, AstOptions, CATALOGUE, ClarHead, Cnn6Options, EncoderDeclaration, Geometry,
    NfBlock, NfBlockOptions, PatchMixProjector, PathwayShape, Pathways, ResNet18Waves,
    ResNet18WavesOptions, SlowfastNfnet, SlowfastNfnetOptions, WsConv2d, resize_positions,
};
use auricle_audio::augment::Domain;
use auricle_audio::declare::Value;
use burn::tensor::Int;

impl Case {
    fn count(&self, name: &str) -> usize {
        self.params[name].as_u64().unwrap() as usize
    }

    fn numbers<const N: usize>(json: &Json) -> [usize; N] {
        let numbers = json.as_array().unwrap().iter();
        let numbers: Vec<usize> = numbers.map(|n| n.as_u64().unwrap() as usize).collect();
        numbers.try_into().unwrap()
    }

    /// Checks the loss `sum(out * cos(k))`, the gradient at `x` and those of the module's weights.
    pub(super) fn check_gradients<M: Module, const D: usize>(
        &self,
        module: &M,
        loss: Tensor<1>,
        x: &Tensor<D>,
    ) {
        self.check("loss", &values(loss.clone()));
        let mut gradients = loss.backward();
        self.check("grad_x", &values(x.grad(&gradients).unwrap()));
        let gradients = GradientsParams::from_module(&mut gradients, module);
        check_named(self, "grad", &named_gradients(module, &gradients));
    }
}

#[test]
fn resnet18_over_waves() {
    let mut run = 0;
    for case in cases("resnet18") {
        if case.params["dims"] != 1 {
            continue;
        }
        run += 1;
        let geometry = match case.count("stem_kernel") {
            49 => Geometry::Squared,
            _ => Geometry::Code,
        };
        let options = ResNet18WavesOptions {
            width: case.count("base_width"),
            channels: case.count("in_channels"),
            geometry,
            stem_bias: case.params["stem_bias"] == true,
            fc: case.params["fc"].as_u64().map(|n| n as usize),
        };
        let make = || {
            let network = ResNet18Waves::new(options, &device()).unwrap();
            import(network, &case.weights()).unwrap()
        };
        let evaluated = make().valid();
        let x = case.tensor::<3>("x", &Device::flex());
        case.check("eval.out", &values(evaluated.forward(x.clone())));
        case.check("eval.layer1", &values(evaluated.first_stage(x)));
        let network = make();
        let x = case.tensor::<3>("x", &device()).require_grad();
        let out = network.forward(x.clone());
        case.check("train.out", &values(out.clone()));
        check_named(&case, "after", &export(&network.valid()));
        case.check_gradients(&network, scalar(out), &x);
    }
    assert_eq!(run, 2, "one case of each geometry");
}

#[test]
fn audio_spectrogram_transformer() {
    for case in cases("ast") {
        let options = AstOptions {
            dim: case.count("embed"),
            depth: case.count("depth"),
            heads: case.count("heads"),
            channels: 1,
            bands: case.count("f_bins"),
            frames: case.count("t_frames"),
            classes: Some(case.count("classes")),
            ..AstOptions::default()
        };
        let network = Ast::new(options, &device()).unwrap();
        let network = import(network, &case.weights()).unwrap();
        // The reference has time before frequency, and no axis of channels.
        let x = case.tensor::<3>("x", &device()).require_grad();
        let image = x.clone().swap_dims(1, 2).unsqueeze_dim::<4>(1);
        let (patches, grid) = network.patches(image.clone());
        assert_eq!(grid, Case::numbers(&case.params["grid"]));
        case.check("patch_tokens", &values(patches.clone()));
        case.check("features", &values(network.features(patches.clone(), grid)));
        let rows = patches
            .clone()
            .select(0, indices(case.input("mix_partner")));
        let positions = indices(case.input("mix_positions"));
        let new = rows.select(1, positions.clone());
        let old = patches.clone().select(1, positions.clone());
        let mixed =
            patches.select_assign(1, positions, new - old, burn::tensor::IndexingUpdateOp::Add);
        case.check("patchmix_features", &values(network.features(mixed, grid)));
        let logits = network.forward(image);
        case.check("logits", &values(logits.clone()));
        case.check_gradients(&network, scalar(logits), &x);
    }
}

fn indices(numbers: &[f64]) -> Tensor<1, Int> {
    let numbers: Vec<i64> = numbers.iter().map(|&n| n as i64).collect();
    let shape = [numbers.len()];
    Tensor::from_data(TensorData::new(numbers, shape), &device())
}

#[test]
fn tables_of_positions_are_cut_and_interpolated() {
    for case in cases("ast_pos_resize") {
        let grid = case.tensor::<3>("grid", &Device::flex());
        let [from, to] = ["from", "to"].map(|name| Case::numbers::<2>(&case.params[name]));
        let dim = grid.dims()[0];
        let table = grid.flatten::<2>(1, 2).swap_dims(0, 1).unsqueeze::<3>();
        let table = resize_positions(table, from, to).reshape([to[0] * to[1], dim]);
        case.check("grid", &values(table.swap_dims(0, 1)));
    }
}

#[test]
fn weight_standardized_convolution() {
    for case in cases("ws_conv") {
        let weights = case.weights();
        let (shape, groups) = (&weights["weight"].shape, case.count("groups"));
        let conv = WsConv2d::new(
            [shape[1] * groups, shape[0]],
            Case::numbers(&case.params["kernel"]),
            Case::numbers(&case.params["stride"]),
            groups,
            &device(),
        );
        let conv = import(conv, &weights).unwrap();
        case.check("standardised_weight", &values(conv.standardized()));
        let x = case.tensor::<4>("x", &device()).require_grad();
        let y = conv.forward(x.clone());
        case.check("y", &values(y.clone()));
        case.check_gradients(&conv, scalar(y), &x);
    }
}

#[test]
fn normalizer_free_blocks() {
    for case in cases("nf_block") {
        let options = NfBlockOptions {
            channels: [case.count("cin"), case.count("cout")],
            kernel: Case::numbers(&case.params["kernel"]),
            stride: Case::numbers(&case.params["stride"]),
            group: case.count("group_width"),
            beta: case.params["beta"].as_f64().unwrap(),
            stochastic_depth: 0.0,
        };
        let block = NfBlock::new(options, String::new(), &device());
        let block = import(block, &case.weights()).unwrap();
        let x = case.tensor::<4>("x", &device()).require_grad();
        let y = block.forward(x.clone());
        case.check("y", &values(y.clone()));
        case.check_gradients(&block, scalar(y), &x);
    }
}

#[test]
fn slowfast_nfnet() {
    for case in cases("slowfast_nfnet") {
        let shape = |name: &str| {
            let params = &case.params[name];
            let pairs = |name: &str| -> [[usize; 2]; 4] {
                std::array::from_fn(|i| Case::numbers(&params[name][i]))
            };
            assert_eq!(pairs("stem_s"), [[2, 2], [1, 1], [1, 1], [2, 2]]);
            assert_eq!(pairs("s"), [[1, 1], [1, 2], [1, 2], [1, 2]]);
            PathwayShape {
                width: Case::numbers(&params["width"]),
                depth: Case::numbers(&params["depth"]),
                group: params["group"].as_u64().unwrap() as usize,
                stem_kernels: pairs("stem_k"),
                kernels: pairs("k"),
                stochastic_depth: 0.0,
            }
        };
        let [slow, fast] = ["slow", "fast"].map(shape);
        let once = case.count("fuse_ratio") * fast.width[0];
        let fused = Case::numbers::<4>(&case.params["fuse_channel_multipliers"]);
        let fused = fused.map(|times| times * once);
        let network = SlowfastNfnet::of(slow, fast, fused, 1, &device());
        let network = import(network, &case.weights()).unwrap();
        let x = case.tensor::<4>("x", &device()).require_grad();
        // The reference has time before frequency.
        let y = network.forward(x.clone().swap_dims(2, 3));
        case.check("y", &values(y.clone()));
        case.check_gradients(&network, scalar(y), &x);
    }
}

#[test]
fn the_projector_of_patch_mix_in_both_modes() {
    for case in cases("projector") {
        let make = || {
            let head = PatchMixProjector::new(case.count("in"), case.count("out"), &device());
            import(head, &case.weights()).unwrap()
        };
        let x = case.tensor::<2>("x", &Device::flex());
        case.check("eval.0", &values(make().valid().forward(x)));
        let head = make();
        let x = case.tensor::<2>("x", &device()).require_grad();
        let out = head.forward(x.clone());
        case.check("train.0", &values(out.clone()));
        check_named(&case, "after", &export(&head.valid()));
        case.check_gradients(&head, scalar(out), &x);
    }
}

#[test]
fn the_head_of_clar_in_both_modes() {
    for case in cases("clar_head") {
        let size = |name| case.count(name);
        let make = || {
            let (input, hidden, out) = (size("in"), size("hidden"), size("out"));
            let head = ClarHead::new(input, hidden, out, size("classes"), &device());
            import(head, &case.weights()).unwrap()
        };
        let x = case.tensor::<2>("x", &Device::flex());
        let (projected, logits) = make().valid().forward(x);
        case.check("eval.0", &values(normalized(projected)));
        case.check("eval.1", &values(logits));
        let head = make();
        let x = case.tensor::<2>("x", &device()).require_grad();
        let (projected, logits) = head.forward(x.clone());
        let projected = normalized(projected);
        case.check("train.0", &values(projected.clone()));
        case.check("train.1", &values(logits.clone()));
        check_named(&case, "after", &export(&head.valid()));
        case.check_gradients(&head, scalar(projected) + scalar(logits), &x);
    }
}

/// The numbers of the papers and of PyTorch's models, from shapes alone: that a summary counts what
/// a network has is tested where it is written.
#[test]
fn encoders_have_as_many_parameters_as_published() {
    let resnet = |channels, stem_bias, fc| {
        Architecture::ResNet18(ResNet18Options {
            width: 64,
            channels,
            stem_bias,
            fc,
        })
    };
    let waves = |geometry| {
        Architecture::ResNet18Waves(ResNet18WavesOptions {
            geometry,
            ..ResNet18WavesOptions::default()
        })
    };
    let ast = |size: &str| {
        let declaration = EncoderDeclaration::find(CATALOGUE, "encoder", "ast").unwrap();
        let given = [
            ("size".to_owned(), Value::Word(size.to_owned())),
            ("classes".to_owned(), Value::Drawn(527.0.into())),
        ];
        let built = declaration.with(given).unwrap();
        Architecture::of(built.built().as_ref()).unwrap()
    };
    let nfnet = |pathways| {
        Architecture::SlowfastNfnet(SlowfastNfnetOptions {
            pathways,
            ..SlowfastNfnetOptions::default()
        })
    };
    for (architecture, want) in [
        (resnet(1, false, None), 11_170_240),
        (resnet(3, false, None), 11_176_512),
        (resnet(1, true, Some(512)), 11_432_960),
        (waves(Geometry::Squared), 11_170_240),
        (waves(Geometry::Code), 11_167_552),
        (ast("tiny"), 5_723_663),
        (ast("small"), 22_063_631),
        (ast("base"), 86_594_063),
        (nfnet(Pathways::Both), 62_970_654),
        (nfnet(Pathways::Fast), 899_842),
        (Architecture::Cnn6(Cnn6Options::default()), 4_304_320),
    ] {
        let input = match architecture.domain() {
            Some(Domain::Wave) => vec![architecture.channels(), 16_000],
            _ => vec![architecture.channels(), 128, 1024],
        };
        let n_parameters = architecture.summary(&input).unwrap().n_parameters();
        assert_eq!(n_parameters, want, "{architecture}");
    }
}

//! The layers as operations of burn's CPU back end that can be differentiated.

use super::{conv, norm, pool};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData};

/// What a batch normalization does behind its own arithmetic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind {
    epsilon: f64,
    relu: bool,
    shortcut: bool,
}

/// How a kernel moves over maps.
#[derive(Clone, Debug)]
pub(crate) struct Moves(ConvOptions<2>);

/// The operations.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait LayerOps: Backend {
    /// `[n, c, h, w]` and `[o, c / groups, kh, kw]` to `[n, o, h', w']`.
    fn layer_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        moves: Moves,
    ) -> FloatTensor<Self>;

    /// Means and biased variances of the channels of `[n, c, ...]`, `[2 c]`; not differentiated.
    fn layer_statistics(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Normalization by statistics of the same `x`, an added shortcut (a tensor that is not looked at if there is none) and
    /// a ReLU.
    fn layer_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        behind: Behind,
    ) -> FloatTensor<Self>;

    /// The 3x3 maximum of stride 2 and padding 1.
    fn layer_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

pub(crate) type Cpu = FloatTensor<Flex>;

/// The values of a tensor and what keeps them alive.
pub(crate) fn contiguous(x: Cpu) -> Cpu {
    if x.is_contiguous() {
        x
    } else {
        x.to_contiguous()
    }
}

pub(crate) fn values(x: &Cpu) -> &[f32] {
    x.as_slice::<f32>()
        .expect("`contiguous` was called, and `is_on_host` checked the type")
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Cpu {
    Cpu::from_data(TensorData::new(values, shape))
}

fn geometry(x: &Cpu, weight: &Cpu, Moves(options): &Moves) -> conv::Geometry {
    let [images, from, h, w] = x.shape().dims();
    let [to, _, rows, columns] = weight.shape().dims();
    let axis = |i: usize, size, kernel| conv::Axis {
        size,
        kernel,
        stride: options.stride[i],
        dilation: options.dilation[i],
        padding: options.padding[i],
    };
    conv::Geometry {
        images,
        from,
        to,
        groups: options.groups,
        axes: [axis(0, h, rows), axis(1, w, columns)],
    }
}

fn norm_sizes(x: &Cpu) -> norm::Sizes {
    let shape = x.shape();
    let (images, channels) = (shape[0], shape[1]);
    norm::Sizes {
        images,
        channels,
        positions: shape.num_elements() / (images * channels).max(1),
    }
}

fn pool_sizes(x: &Cpu) -> pool::Sizes {
    let [n, c, h, w] = x.shape().dims();
    pool::Sizes {
        planes: n * c,
        size: [h, w],
    }
}

impl LayerOps for Flex {
    fn layer_conv2d(x: Cpu, weight: Cpu, moves: Moves) -> Cpu {
        let (x, weight) = (contiguous(x), contiguous(weight));
        let g = geometry(&x, &weight, &moves);
        let [h, w] = g.out_size();
        tensor(
            conv::forward(&g, values(&x), values(&weight)),
            [g.images, g.to, h, w],
        )
    }

    fn layer_statistics(x: Cpu) -> Cpu {
        let x = contiguous(x);
        let sizes = norm_sizes(&x);
        tensor(norm::statistics(sizes, values(&x)), [2 * sizes.channels])
    }

    fn layer_batch_norm(
        x: Cpu,
        gamma: Cpu,
        beta: Cpu,
        shortcut: Cpu,
        statistics: Cpu,
        behind: Behind,
    ) -> Cpu {
        let [x, gamma, beta, shortcut, statistics] =
            [x, gamma, beta, shortcut, statistics].map(contiguous);
        let layer = layer(&gamma, &beta, &statistics, behind);
        let added = behind.shortcut.then(|| values(&shortcut));
        let out = norm::forward(norm_sizes(&x), layer, values(&x), added);
        Cpu::from_data(TensorData::new(out, x.shape()))
    }

    fn layer_max_pool(x: Cpu) -> Cpu {
        let x = contiguous(x);
        let ([n, c, _, _], sizes) = (x.shape().dims(), pool_sizes(&x));
        let [h, w] = sizes.out_size();
        tensor(pool::forward(sizes, values(&x)).0, [n, c, h, w])
    }
}

fn layer<'a>(
    gamma: &'a Cpu,
    beta: &'a Cpu,
    statistics: &'a Cpu,
    behind: Behind,
) -> norm::Layer<'a> {
    let Behind { epsilon, relu, .. } = behind;
    norm::Layer {
        gamma: values(gamma),
        beta: values(beta),
        statistics: values(statistics),
        epsilon,
        relu,
    }
}

impl<C: CheckpointStrategy> LayerOps for Autodiff<Flex, C> {
    fn layer_conv2d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        moves: Moves,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Conv;
        impl Backward<Flex, 2> for Conv {
            type State = (Cpu, Cpu, Moves);

            fn backward(
                self,
                ops: Ops<Self::State, 2>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let gradient = contiguous(grads.consume::<Flex>(&ops.node));
                let [for_x, for_weight] = ops.parents;
                let (x, weight, moves) = ops.state;
                let g = geometry(&x, &weight, &moves);
                if let Some(node) = for_x {
                    let dx = conv::input_gradient(&g, values(&weight), values(&gradient));
                    grads.register::<Flex>(node.id, Cpu::from_data(TensorData::new(dx, x.shape())));
                }
                if let Some(node) = for_weight {
                    let dw = conv::weight_gradient(&g, values(&x), values(&gradient));
                    let dw = TensorData::new(dw, weight.shape());
                    grads.register::<Flex>(node.id, Cpu::from_data(dw));
                }
            }
        }
        let nodes = [x.node(), weight.node()];
        let (x, weight) = (
            contiguous(x.into_primitive()),
            contiguous(weight.into_primitive()),
        );
        let out = Flex::layer_conv2d(x.clone(), weight.clone(), moves.clone());
        match Conv.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, weight, moves), out),
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }

    fn layer_statistics(x: FloatTensor<Self>) -> FloatTensor<Self> {
        use burn::backend::AutodiffBackend;
        Self::from_inner(Flex::layer_statistics(x.into_primitive()))
    }

    fn layer_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        behind: Behind,
    ) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Norm;
        impl Backward<Flex, 4> for Norm {
            type State = ([Cpu; 5], Behind);

            fn backward(
                self,
                ops: Ops<Self::State, 4>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let gradient = contiguous(grads.consume::<Flex>(&ops.node));
                let [for_x, for_gamma, for_beta, for_shortcut] = ops.parents;
                let ([x, y, gamma, beta, statistics], behind) = ops.state;
                let layer = layer(&gamma, &beta, &statistics, behind);
                let with_shortcut = behind.shortcut && for_shortcut.is_some();
                let d = norm::backward(
                    norm_sizes(&x),
                    layer,
                    values(&x),
                    values(&y),
                    values(&gradient),
                    with_shortcut,
                );
                let shaped = |values: Vec<f32>, like: &Cpu| {
                    Cpu::from_data(TensorData::new(values, like.shape()))
                };
                if let Some(node) = for_x {
                    grads.register::<Flex>(node.id, shaped(d.x, &x));
                }
                if let Some(node) = for_gamma {
                    grads.register::<Flex>(node.id, shaped(d.gamma, &gamma));
                }
                if let Some(node) = for_beta {
                    grads.register::<Flex>(node.id, shaped(d.beta, &beta));
                }
                if let (Some(node), Some(shortcut)) = (for_shortcut, d.shortcut) {
                    grads.register::<Flex>(node.id, shaped(shortcut, &x));
                }
            }
        }
        let nodes = [x.node(), gamma.node(), beta.node(), shortcut.node()];
        let [x, gamma, beta] = [x, gamma, beta].map(|tensor| contiguous(tensor.into_primitive()));
        let statistics = contiguous(statistics.into_primitive());
        let parts = [
            x.clone(),
            gamma.clone(),
            beta.clone(),
            shortcut.into_primitive(),
            statistics.clone(),
        ];
        let [a, b, c, d, e] = parts;
        let out = Flex::layer_batch_norm(a, b, c, d, e, behind);
        match Norm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let y = out.clone();
                prepared.finish(([x, y, gamma, beta, statistics], behind), out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }

    fn layer_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Pool;
        impl Backward<Flex, 1> for Pool {
            type State = (Vec<u32>, [usize; 4]);

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let gradient = contiguous(grads.consume::<Flex>(&ops.node));
                let [parent] = ops.parents;
                let (found, shape) = ops.state;
                let [n, c, h, w] = shape;
                let dx = pool::backward(
                    pool::Sizes {
                        planes: n * c,
                        size: [h, w],
                    },
                    &found,
                    values(&gradient),
                );
                if let Some(node) = parent {
                    grads.register::<Flex>(node.id, tensor(dx, shape));
                }
            }
        }
        let node = x.node();
        let x = contiguous(x.into_primitive());
        let (shape, sizes): ([usize; 4], _) = (x.shape().dims(), pool_sizes(&x));
        let (out, found) = pool::forward(sizes, values(&x));
        let [h, w] = sizes.out_size();
        let out = tensor(out, [shape[0], shape[1], h, w]);
        match Pool.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((found, shape), out),
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }
}

/// Convolves `[n, c, h, w]` with `[o, c / groups, kh, kw]`.
pub(crate) fn conv2d(x: Tensor<4>, weight: Tensor<4>, options: ConvOptions<2>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::layer_conv2d(
        x.into_dispatch(),
        weight.into_dispatch(),
        Moves(options),
    ))
}

/// Normalizes with the statistics of the batch, adds a shortcut and applies a ReLU; gives the means and the biased
/// variances, too.
pub(crate) fn batch_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    shortcut: Option<Tensor<D>>,
    relu: bool,
) -> (Tensor<D>, Tensor<1>, Tensor<1>) {
    let n = gamma.dims()[0];
    let statistics = Tensor::<1>::from_dispatch(Dispatch::layer_statistics(
        x.clone().detach().into_dispatch(),
    ));
    let behind = Behind {
        epsilon,
        relu,
        shortcut: shortcut.is_some(),
    };
    let shortcut = match shortcut {
        Some(shortcut) => shortcut.into_dispatch(),
        None => beta.clone().detach().into_dispatch(),
    };
    let (given, kept) = (statistics.clone().into_dispatch(), statistics);
    let out = Dispatch::layer_batch_norm(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        shortcut,
        given,
        behind,
    );
    (
        Tensor::from_dispatch(out),
        kept.clone().narrow(0, 0, n),
        kept.narrow(0, n, n),
    )
}

/// The 3x3 maximum of stride 2 and padding 1.
pub(crate) fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::layer_max_pool(x.into_dispatch()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use auricle_audio::Rng;
    use burn::tensor::Device;
    use burn::tensor::activation::relu;
    use burn::tensor::ops::MaxPoolOptions;

    pub(in super::super) fn noise<const D: usize>(
        shape: [usize; D],
        seed: u64,
        device: &Device,
    ) -> Tensor<D> {
        let mut values = vec![0.0; shape.iter().product()];
        Rng::from_words(&[seed]).fill_normal(&mut values);
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub(in super::super) fn close<const D: usize>(what: &str, a: Tensor<D>, b: Tensor<D>) {
        assert_eq!(a.dims(), b.dims(), "{what}");
        let (a, b): (Vec<f64>, Vec<f64>) = (
            a.into_data().iter().collect(),
            b.into_data().iter().collect(),
        );
        let scale = b.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
        for (x, y) in a.iter().zip(&b) {
            assert!((x - y).abs() <= 2e-5 * scale, "{what}: {x} {y}");
        }
    }

    #[test]
    fn convolution_and_its_gradients_agree_with_burn() {
        let device = Device::flex().autodiff();
        let square = |stride, padding| ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        let uneven = |stride, padding, dilation, groups| ConvOptions {
            padding,
            ..ConvOptions::new(stride, [0; 2], dilation, groups)
        };
        for (x, w, options) in [
            ([3, 2, 11, 9], [4, 2, 3, 3], square(1, 1)),
            ([19, 3, 8, 13], [5, 3, 3, 3], square(2, 1)),
            ([2, 1, 40, 51], [4, 1, 7, 7], square(2, 3)),
            ([5, 6, 7, 6], [3, 6, 1, 1], square(2, 0)),
            ([33, 4, 2, 2], [6, 4, 3, 3], square(1, 1)),
            ([1, 2, 1, 1], [3, 2, 3, 3], square(2, 1)),
            ([16, 130, 4, 5], [131, 130, 3, 3], square(1, 1)),
            ([2, 3, 1, 300], [5, 3, 1, 80], square(4, 0)),
            (
                [4, 6, 9, 8],
                [9, 2, 3, 2],
                uneven([2, 1], [(0, 1), (1, 0)], [1, 2], 3),
            ),
            (
                [17, 8, 6, 7],
                [8, 1, 5, 5],
                uneven([1, 3], [(2, 2), (0, 3)], [1, 1], 8),
            ),
            (
                [2, 2, 9, 12],
                [3, 2, 4, 3],
                uneven([3, 2], [(0, 0), (4, 1)], [2, 3], 1),
            ),
        ] {
            let (x, w) = (
                noise(x, 1, &device).require_grad(),
                noise(w, 2, &device).require_grad(),
            );
            let ours = conv2d(x.clone(), w.clone(), options.clone());
            let theirs = burn::tensor::module::conv2d(x.clone(), w.clone(), None, options);
            let weights = noise(ours.dims(), 3, &device);
            let (a, b) = (
                (ours.clone() * weights.clone()).sum().backward(),
                (theirs.clone() * weights).sum().backward(),
            );
            close("output", ours, theirs);
            close("input", x.grad(&a).unwrap(), x.grad(&b).unwrap());
            close("weight", w.grad(&a).unwrap(), w.grad(&b).unwrap());
        }
    }

    #[test]
    fn normalization_and_its_gradients_agree_with_burn() {
        let device = Device::flex().autodiff();
        for (shape, with_relu, with_shortcut) in [
            ([6, 3, 5, 4], true, true),
            ([17, 5, 3, 3], true, false),
            ([40, 2, 1, 7], false, true),
            ([4, 3, 2, 2], false, false),
        ] {
            let x = (noise(shape, 1, &device) * 3.0 + 1.0)
                .detach()
                .require_grad();
            let gamma = (noise([shape[1]], 2, &device) + 1.0)
                .detach()
                .require_grad();
            let (beta, shortcut) = (
                noise([shape[1]], 3, &device).require_grad(),
                noise(shape, 4, &device).require_grad(),
            );
            let added = with_shortcut.then(|| shortcut.clone());
            let (ours, mean, variance) = batch_norm(
                x.clone(),
                gamma.clone(),
                beta.clone(),
                1e-5,
                added,
                with_relu,
            );
            let theirs = burn::tensor::module::batch_norm_train(
                x.clone(),
                gamma.clone(),
                beta.clone(),
                1e-5,
            );
            close("mean", mean, theirs.mean);
            close("variance", variance, theirs.variance);
            let theirs = if with_shortcut {
                theirs.output + shortcut.clone()
            } else {
                theirs.output
            };
            let theirs = if with_relu { relu(theirs) } else { theirs };
            let weights = noise(shape, 5, &device);
            let (a, b) = (
                (ours.clone() * weights.clone()).sum().backward(),
                (theirs.clone() * weights).sum().backward(),
            );
            close("output", ours, theirs);
            close("x", x.grad(&a).unwrap(), x.grad(&b).unwrap());
            close("gamma", gamma.grad(&a).unwrap(), gamma.grad(&b).unwrap());
            close("beta", beta.grad(&a).unwrap(), beta.grad(&b).unwrap());
            if with_shortcut {
                close(
                    "shortcut",
                    shortcut.grad(&a).unwrap(),
                    shortcut.grad(&b).unwrap(),
                );
            }
        }
    }

    #[test]
    fn pooling_and_its_gradient_agree_with_burn() {
        let device = Device::flex().autodiff();
        for shape in [[2, 3, 8, 7], [5, 1, 1, 1], [1, 2, 5, 20]] {
            let x = noise(shape, 1, &device).require_grad();
            let ours = max_pool(x.clone());
            let options = MaxPoolOptions {
                stride: [2, 2],
                padding: [(1, 1), (1, 1)],
                ..MaxPoolOptions::new([3, 3])
            };
            let theirs = burn::tensor::module::max_pool2d(x.clone(), options);
            let weights = noise(ours.dims(), 2, &device);
            let (a, b) = (
                (ours.clone() * weights.clone()).sum().backward(),
                (theirs.clone() * weights).sum().backward(),
            );
            close("output", ours, theirs);
            close("input", x.grad(&a).unwrap(), x.grad(&b).unwrap());
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let device = Device::flex().autodiff();
                let (x, w) = (
                    noise([37, 3, 9, 9], 1, &device).require_grad(),
                    noise([4, 3, 3, 3], 2, &device).require_grad(),
                );
                let gamma = Tensor::<1>::ones([4], &device).require_grad();
                let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
                let y = conv2d(x.clone(), w.clone(), options);
                let (y, _, _) = batch_norm(
                    y,
                    gamma.clone(),
                    Tensor::zeros([4], &device),
                    1e-5,
                    None,
                    true,
                );
                let g = (max_pool(y) * noise([37, 4, 5, 5], 3, &device))
                    .sum()
                    .backward();
                let bits =
                    |data: TensorData| data.iter::<f32>().map(f32::to_bits).collect::<Vec<_>>();
                (
                    bits(x.grad(&g).unwrap().into_data()),
                    bits(w.grad(&g).unwrap().into_data()),
                )
            })
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert_eq!(one, run(threads), "{threads} threads");
        }
    }
}

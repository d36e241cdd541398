//! Sounds of synthesizers as tensors, with gradients by the raw values of their patches.

use crate::Error;
use crate::nn::{Cpu, contiguous, is_on_host, values};
use crate::tensor::{NdTensor, Values};
use auricle_synth::{Patches, Playback, Synth};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Device, Tensor, TensorData};

/// What plays the patches.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    synth: Synth,
    playback: Playback,
}

impl Player {
    /// Patches of raw values; what lies outside `[0, 1]` is taken as the nearer end.
    fn patches(&self, raw: &Cpu) -> Patches {
        let raw = values(raw).iter().map(|raw| raw.clamp(0.0, 1.0));
        let patches = self.synth.patches(raw.collect());
        patches.expect("`render` checked the shape, and the values are clamped")
    }

    fn sounds(&self, raw: &Cpu) -> Cpu {
        let patches = self.patches(raw);
        let shape = [patches.len(), self.synth.n_samples()];
        let mut sounds = vec![0.0; shape[0] * shape[1]];
        let rendered = self
            .synth
            .render_into(&patches, &self.playback, &mut sounds);
        rendered.expect("`render` refuses recipes, and the buffer is of the size of the sounds");
        Cpu::from_data(TensorData::new(sounds, shape))
    }
}

/// The operation.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait SynthOps: Backend {
    /// Raw values `[n, P]` to sounds `[n, samples]`.
    fn synth_render(raw: FloatTensor<Self>, player: Player) -> FloatTensor<Self>;
}

impl SynthOps for Flex {
    fn synth_render(raw: Cpu, player: Player) -> Cpu {
        player.sounds(&contiguous(raw))
    }
}

impl<C: CheckpointStrategy> SynthOps for Autodiff<Flex, C> {
    fn synth_render(raw: FloatTensor<Self>, player: Player) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Render;
        impl Backward<Flex, 1> for Render {
            type State = (Cpu, Player);

            fn backward(
                self,
                ops: Ops<Self::State, 1>,
                grads: &mut Gradients,
                _: &mut Checkpointer,
            ) {
                let of_samples = contiguous(grads.consume::<Flex>(&ops.node));
                let [parent] = ops.parents;
                let Some(node) = parent else { return };
                let (raw, player) = ops.state;
                let patches = player.patches(&raw);
                let of_raw = player
                    .synth
                    .gradient(&patches, &player.playback, values(&of_samples));
                let of_raw = of_raw.expect("`render` checked that there is a gradient");
                let shape = [patches.len(), patches.width()];
                grads.register::<Flex>(node.id, Cpu::from_data(TensorData::new(of_raw, shape)));
            }
        }
        let node = raw.node();
        let raw = contiguous(raw.into_primitive());
        let sounds = player.sounds(&raw);
        match Render.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((raw, player), sounds),
            OpsKind::UnTracked(prepared) => prepared.finish(sounds),
        }
    }
}

/// Renders raw values of patches, and passes gradients of what is computed from the sounds back to them.
///
/// The samples are those of [`Synth::render`] for [`Synth::patches`] of the values, the gradient is that of
/// [`Synth::gradient`]. A value outside `[0, 1]` is taken as the nearer end, and has the gradient there, so that a descent
/// that went too far comes back.
///
/// # Shapes
/// `raw`: `[n, P]`; returns `[n, samples]`.
///
/// # Errors
/// [`Error::Shape`] for values of another shape, [`Error::Range`] for NaN, [`Error::Run`] for values on another device than the CPU,
/// [`Error::Synth`] for a synthesizer with a recipe behind it, and for one without a gradient if one is asked for.
pub fn render(synth: &Synth, raw: &NdTensor, playback: Playback) -> Result<NdTensor, Error> {
    let width = synth.parameters().len();
    let shape = raw.shape();
    if shape.len() != 2 || shape[1] != width || shape[0] == 0 {
        return Err(Error::Shape {
            what: "the raw values of patches",
            want: format!("[n, {width}] with n of at least 1"),
            got: shape,
        });
    }
    if let Values::Float(values) = raw.values()
        && let Some(place) = values.iter().position(|value| value.is_nan())
    {
        let name = synth.parameters()[place % width].to_string();
        return Err(auricle_audio::Error::range(&name, "a number (raw)", "NaN").into());
    }
    let tensor = raw.to_burn::<2>("the raw values of patches")?;
    match raw.is_tracked() {
        true => synth.check_gradient()?,
        false => synth.check_recipe()?,
    }
    if !is_on_host(&tensor) {
        return Err(Error::Run {
            message:
                "synthesizers render on the CPU, and the raw values of the patches live elsewhere"
                    .into(),
            hint: "make them with `device(\"cpu\")`".into(),
        });
    }
    let player = Player {
        synth: synth.clone(),
        playback,
    };
    let sounds = Dispatch::synth_render(tensor.into_dispatch(), player);
    Ok(NdTensor::from_burn(Tensor::<2>::from_dispatch(sounds)))
}

/// The raw values of patches, `[n, P]`.
///
/// # Errors
/// None for what is built here; the constructor's own type.
pub fn raw(patches: &Patches, device: &Device) -> Result<NdTensor, Error> {
    let shape = [patches.len(), patches.width()];
    NdTensor::new(Values::Float(patches.raw().to_vec()), &shape, device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Arithmetic, Reduction};
    use auricle_audio::Rng;
    use auricle_audio::augment::{Stage, declaration};
    use auricle_synth::modules::{adsr, noise_source, one_pole, pulses, square_saw};
    use auricle_synth::{Options, SynthOptions, Units};

    fn short() -> SynthOptions {
        SynthOptions {
            seconds: 0.1,
            sample_rate: 8000,
            control_rate: 100,
            normalize: false,
        }
    }

    /// A tone under an envelope: 11 free parameters.
    fn shaped() -> Synth {
        let tone = square_saw(Options::new()).unwrap();
        let graph = (&tone * &adsr(Options::new()).unwrap()).unwrap();
        Synth::new(&graph, short()).unwrap()
    }

    fn filtered() -> Synth {
        let noise = noise_source(Options::new()).unwrap();
        let graph = one_pole(Options::new().signal("input", &noise)).unwrap();
        Synth::new(&graph, short()).unwrap()
    }

    fn tensor(values: &[f32], shape: &[usize]) -> NdTensor {
        NdTensor::new(Values::Float(values.to_vec()), shape, &Device::flex()).unwrap()
    }

    fn sound(synth: &Synth, raw: &NdTensor) -> NdTensor {
        render(synth, raw, Playback::default()).unwrap()
    }

    /// The mean square of the difference to a target.
    fn loss(sounds: &NdTensor, target: &NdTensor) -> NdTensor {
        let difference = sounds.combine(Arithmetic::Subtract, target).unwrap();
        let square = difference
            .combine(Arithmetic::Multiply, &difference)
            .unwrap();
        square.reduce(Reduction::Mean, None, false).unwrap()
    }

    #[test]
    fn the_samples_are_those_of_the_engine() {
        let synth = shaped();
        let drawn = synth.sample(3, 1, 0, Units::Raw);
        let patches = synth.patches(drawn.raw().to_vec()).unwrap();
        let want = Values::Float(synth.render(&patches).unwrap());
        let values = raw(&patches, &Device::flex()).unwrap();
        assert_eq!(sound(&synth, &values).values(), want);
        assert_eq!(sound(&synth, &values.require_grad()).values(), want);
        assert_eq!(sound(&synth, &values).shape(), [3, synth.n_samples()]);
    }

    #[test]
    fn a_loss_has_the_gradient_that_the_synthesizer_gives() {
        let synth = shaped();
        let drawn = synth.sample(2, 1, 0, Units::Raw);
        let patches = synth.patches(drawn.raw().to_vec()).unwrap();
        let mut weights = vec![0.0; 2 * synth.n_samples()];
        Rng::from_words(&[5]).fill_normal(&mut weights);
        let values = raw(&patches, &Device::flex()).unwrap().require_grad();
        let weighted = tensor(&weights, &[2, synth.n_samples()]);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let product = sound(&synth, &values)
                    .combine(Arithmetic::Multiply, &weighted)
                    .unwrap();
                let sum = product.reduce(Reduction::Sum, None, false).unwrap();
                values.gradient(&sum.backward().unwrap()).unwrap()
            })
        };
        let want = synth.gradient(&patches, &Playback::default(), &weights);
        let want = tensor(&want.unwrap(), &[2, synth.parameters().len()]);
        assert!(run(1).same(&want) && run(3).same(&want));
    }

    #[test]
    fn a_descent_finds_the_cutoff_of_a_filter_from_outside_its_range() {
        let synth = filtered();
        let target = sound(&synth, &tensor(&[0.4], &[1, 1]));
        let mut value = 1.2_f32;
        for _ in 0..300 {
            let parameter = tensor(&[value], &[1, 1]).require_grad();
            let loss = loss(&sound(&synth, &parameter), &target);
            let gradient = parameter.gradient(&loss.backward().unwrap()).unwrap();
            value -= 0.3 * gradient.to_f64()[0] as f32;
        }
        assert!((value - 0.4).abs() < 1e-3, "{value}");
    }

    #[test]
    fn what_cannot_be_rendered_is_said() {
        let synth = filtered();
        let said = |synth: &Synth, raw: &NdTensor| {
            render(synth, raw, Playback::default())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            said(&synth, &tensor(&[0.1, 0.2], &[1, 2])),
            "the raw values of patches must be [n, 1] with n of at least 1, not [1, 2]"
        );
        let nan = tensor(&[f32::NAN], &[1, 1]);
        assert_eq!(
            said(&synth, &nan),
            "`one_pole.cutoff_hz` must be a number (raw), not NaN"
        );
        let fade = Stage::new(declaration("fade").unwrap(), None).unwrap();
        let behind = synth.then(&fade.into()).unwrap();
        assert!(said(&behind, &tensor(&[0.1], &[1, 1])).contains("gradients pass none"));
        let pulses = pulses(Options::new().number("decay", 0.1)).unwrap();
        let pulses = Synth::new(&pulses, short()).unwrap();
        let values = tensor(&[0.5; 4], &[1, pulses.parameters().len()]);
        assert!(render(&pulses, &values, Playback::default()).is_ok());
        assert!(said(&pulses, &values.require_grad()).contains("a pulse steps"));
    }
}

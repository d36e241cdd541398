//! Mel spectrograms of tensors of sounds, which gradients pass.

use crate::Error;
use crate::tensor::NdTensor;
use auricle_audio::features::{Compression, LogMel, MelProducts, Reference};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// What keeps the slope of a root finite where there is no sound: far below the power of a sample's last bit.
const LEAST_POWER: f64 = 1e-24;

/// The mel spectrogram of sounds `[n, samples]`, as `[n, 1, bands, frames]`: what the stage computes, by products of matrices
/// and burn's operations, so that a loss on it has a gradient by the sounds.
///
/// # Errors
/// [`Error::Shape`] for anything but two axes, [`Error::Audio`] for sounds that are too short.
pub fn mel(stage: &LogMel, sounds: &NdTensor) -> Result<NdTensor, Error> {
    let x = sounds.to_burn::<2>("the sounds")?;
    let products = stage.products(x.dims()[1])?;
    Ok(NdTensor::from_burn(compute(&products, x)))
}

fn compute(products: &MelProducts, x: Tensor<2>) -> Tensor<4> {
    let ([n, n_samples], device) = (x.dims(), x.device());
    let MelProducts {
        length,
        n_bins,
        options,
        ..
    } = *products;
    // What is cut off has no part in the maximum that decibels may refer to.
    let wanted = options.n_frames.unwrap_or(products.n_frames);
    let n_frames = products.n_frames.min(wanted);
    let matrix = |values: &[f32], shape: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device)
    };
    let x = match options.remove_mean {
        true => x.clone() - x.mean_dim(1),
        false => x,
    };
    // One sample more, a zero, stands for all that lie beyond the ends.
    let x = Tensor::cat(vec![x, Tensor::zeros([n, 1], &device)], 1);
    let places = &products.places[..n_frames * length];
    let frames = x.select(1, indices(places, n_samples, &device));
    let frames = frames.reshape([n * n_frames, length]);
    let spectrum = frames.matmul(matrix(&products.spectrum, [length, 2 * n_bins]));
    let part = |first: usize| spectrum.clone().narrow(1, first, n_bins).square();
    let power = part(0) + part(n_bins);
    let raised = match options.power {
        2.0 => power,
        exponent => power.clamp_min(LEAST_POWER).powf_scalar(exponent / 2.0),
    };
    let bands = raised.matmul(matrix(&products.bank, [n_bins, options.n_mels]));
    let bands = bands.reshape([n, n_frames * options.n_mels]);
    let values = compressed(bands, options.compression);
    let values = values
        .reshape([n, n_frames, options.n_mels])
        .swap_dims(1, 2);
    let values = match wanted - n_frames {
        0 => values,
        missing => {
            let zeros = Tensor::zeros([n, options.n_mels, missing], &device);
            Tensor::cat(vec![values, zeros], 2)
        }
    };
    let normal = options.normalization;
    ((values - normal.mean) / normal.deviation).unsqueeze_dim(1)
}

fn indices(places: &[Option<usize>], zero: usize, device: &Device) -> Tensor<1, Int> {
    let places = places.iter();
    let places: Vec<i64> = places.map(|place| place.unwrap_or(zero) as i64).collect();
    Tensor::from_data(TensorData::from(places.as_slice()), device)
}

/// The values of each clip, in a row, compressed.
fn compressed(x: Tensor<2>, compression: Compression) -> Tensor<2> {
    match compression {
        Compression::None => x,
        Compression::Ln { offset } => (x + offset).log(),
        Compression::LnFloor { amin } => x.clamp_min(amin).log(),
        Compression::Db {
            reference,
            amin,
            top_db,
        } => {
            let decibels =
                |x: Tensor<2>| x.clamp_min(amin).log() * (10.0 / std::f64::consts::LN_10);
            let shift = match reference {
                Reference::Power(power) => {
                    let shift = 10.0 * power.max(amin).log10();
                    Tensor::full([x.dims()[0], 1], shift, &x.device())
                }
                Reference::Max => decibels(x.clone().max_dim(1)),
            };
            let x = decibels(x) - shift;
            match top_db {
                Some(top_db) => {
                    let lowest = (x.clone().max_dim(1) - top_db).expand(x.dims());
                    x.max_pair(lowest)
                }
                None => x,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;
    use crate::tensor::{Dtype, Values};
    use auricle_audio::augment::{Recipe, Stage, Value, declaration};
    use auricle_audio::{Key, Rng, Waveform};

    const RATE: u32 = 8000;

    fn sounds(n: usize, n_samples: usize) -> Vec<f32> {
        let mut samples = vec![0.0; n * n_samples];
        Rng::from_words(&[7]).fill_normal(&mut samples);
        samples.iter_mut().for_each(|x| *x = 0.1 * *x + 0.01);
        samples
    }

    fn recipe(name: &str, given: &[(&str, Value)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration(name).unwrap(), given)
            .unwrap()
            .into()
    }

    fn computed(recipe: &Recipe, samples: &[f32], n: usize) -> NdTensor {
        let shape = [n, samples.len() / n];
        let x = NdTensor::new(
            Values::Float(samples.to_vec()),
            &shape,
            &device("cpu").unwrap(),
        );
        mel(&recipe.log_mel(RATE).unwrap().unwrap(), &x.unwrap()).unwrap()
    }

    #[test]
    fn a_tensor_gets_what_the_stage_gives() {
        let number = |x: f64| Value::Drawn(x.into());
        let word = |word: &str| Value::Word(word.to_owned());
        let cases = [
            recipe("log_mel", &[]),
            recipe("mel", &[("n_mels", number(20.0)), ("power", number(1.0))]),
            recipe(
                "log_mel",
                &[("preset", word("ast")), ("n_frames", number(30.0))],
            ),
            recipe(
                "log_mel",
                &[
                    ("preset", word("librosa")),
                    ("n_fft", number(512.0)),
                    ("hop_length", number(100.0)),
                ],
            ),
            recipe(
                "log_mel",
                &[
                    ("log", word("db")),
                    ("reference", word("max")),
                    ("power", number(1.3)),
                    ("n_frames", number(5.0)),
                ],
            ),
            recipe(
                "log_mel",
                &[
                    ("win_length", number(200.0)),
                    ("window", word("hamming")),
                    ("remove_mean", Value::Flag(true)),
                ],
            ),
        ];
        let (n, n_samples) = (2, 2300);
        let samples = sounds(n, n_samples);
        for recipe in cases {
            let got = computed(&recipe, &samples, n);
            let mut want = Vec::new();
            for sound in samples.chunks(n_samples) {
                let wave = Waveform::mono(sound.to_vec(), RATE).unwrap();
                want.extend(recipe.features(&wave, Key::of_seed(0)).unwrap().values);
            }
            let Values::Float(values) = got.values() else {
                panic!("{:?}", got.dtype())
            };
            assert_eq!((got.shape()[0], values.len()), (n, want.len()), "{recipe}");
            let scale = want.iter().fold(1.0f32, |a, b| a.max(b.abs()));
            let worst = values
                .iter()
                .zip(&want)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(worst / scale < 2e-4, "{recipe}: {worst} of {scale}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_small_changes() {
        let recipe = recipe("log_mel", &[("n_mels", Value::Drawn(12.0.into()))]);
        let samples = sounds(1, 600);
        let loss = |samples: &[f32]| -> f64 {
            let squares = computed(&recipe, samples, 1).to_f64();
            squares.iter().map(|x| x * x).sum()
        };
        let x = NdTensor::new(
            Values::Float(samples.clone()),
            &[1, 600],
            &device("cpu").unwrap(),
        );
        let x = x.unwrap().require_grad();
        let features = mel(&recipe.log_mel(RATE).unwrap().unwrap(), &x).unwrap();
        let sum = features.to_burn::<4>("features").unwrap().square().sum();
        let gradients = NdTensor::from_burn(sum).backward().unwrap();
        let gradient = x.gradient(&gradients).unwrap();
        assert_eq!(gradient.dtype(), Dtype::Float);
        let gradient = gradient.to_f64();
        // Along a direction, so that single precision is enough.
        let direction = sounds(1, 600).into_iter().rev().collect::<Vec<f32>>();
        let moved = |by: f32| -> f64 {
            let moved = samples.iter().zip(&direction).map(|(x, d)| x + by * d);
            loss(&moved.collect::<Vec<f32>>())
        };
        let want = (moved(1e-3) - moved(-1e-3)) / 2e-3;
        let got: f64 = gradient
            .iter()
            .zip(&direction)
            .map(|(g, d)| g * f64::from(*d))
            .sum();
        assert!(
            (got - want).abs() < 5e-3 * want.abs().max(1.0),
            "{got} and {want}"
        );
    }
}

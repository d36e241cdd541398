//! Between tensors and arrays, sounds, features and embeddings.

use super::super::super::Environment;
use super::super::embeddings::Embeddings;
use super::value::numbers;
use crate::script::{Function, ScriptError, ScriptValue, Topic, room_for};
use auricle_audio::Waveform;
use auricle_audio::features::Features;
use auricle_learn::tensor::{NdTensor, Values};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        to_array(),
        to_tensor::<Waveform>(environment, |wave| {
            (
                wave.samples().to_vec(),
                vec![wave.n_channels(), wave.n_samples()],
            )
        })
        .about("Gives the samples as a tensor [channels, samples].")
        .example(
            "let t = wave([[0.5, 1], [0, -1]], 8000).to_tensor(); assert(t.to_array() == \
            [[0.5, 1.0], [0.0, -1.0]])",
        ),
        to_tensor::<Arc<Features>>(environment, |features| {
            (features.values.clone(), features.shape().to_vec())
        })
        .about("Gives the features as a tensor [channels, bands, frames].")
        .example(
            "let x = tone(440, 1) |> mel(); assert(x.to_tensor().shape == x.shape); \
            assert(x.to_tensor()[0][3].to_array() == x.band(3))",
        ),
        to_tensor::<Arc<Embeddings>>(environment, |matrix| {
            let values = (0..matrix.rows())
                .flat_map(|row| matrix.row(row))
                .map(|&x| x as f32);
            (values.collect(), vec![matrix.rows(), matrix.columns])
        })
        .about("Gives the embeddings as a tensor [clips, features].")
        .example(
            "let d = dataset([#{ wave: tone(440, 1) }]); assert(resnet18(#{ width: 4 \
            }).embed(d).to_tensor().shape == [1, 32])",
        ),
        to_wave(),
        to_features(),
    ]
}

/// The numbers as arrays within each other.
fn nested(numbers: &mut impl Iterator<Item = Dynamic>, shape: &[usize]) -> Dynamic {
    match shape.split_first() {
        None => numbers.next().unwrap_or_default(),
        Some((&length, inner)) => {
            Dynamic::from_array((0..length).map(|_| nested(numbers, inner)).collect())
        }
    }
}

fn to_array() -> Function {
    Function::new("to_array", Topic::Tensors, |call| {
        let tensor = call.receiver::<NdTensor>()?;
        room_for("the array", (tensor.len() * size_of::<Dynamic>()) as u64)?;
        Ok(nested(
            &mut numbers(tensor.values()).into_iter(),
            &tensor.shape(),
        ))
    })
    .on::<NdTensor>()
    .about("Gives the numbers as an array, of more than one axis as arrays within each other.")
    .returns("array")
    .example("assert(tensor([[1.0, 2.0]]).to_array() == [[1.0, 2.0]])")
}

fn to_tensor<T: ScriptValue>(
    environment: &Arc<Environment>,
    numbers: fn(&T) -> (Vec<f32>, Vec<usize>),
) -> Function {
    let environment = environment.clone();
    Function::new("to_tensor", Topic::Tensors, move |call| {
        let (values, shape) = numbers(&call.receiver::<T>()?);
        Ok(Dynamic::from(NdTensor::new(
            Values::Float(values),
            &shape,
            &environment.device()?,
        )?))
    })
    .on::<T>()
    .returns("tensor")
}

fn singles(tensor: &NdTensor) -> Vec<f32> {
    tensor.to_f64().into_iter().map(|x| x as f32).collect()
}

fn to_wave() -> Function {
    Function::new("to_wave", Topic::Tensors, |call| {
        let tensor = call.receiver::<NdTensor>()?;
        let n_channels = match tensor.shape().as_slice() {
            [_] => 1,
            [n_channels, _] => *n_channels,
            shape => {
                let message = format!(
                    "a wave is made from a tensor [samples] or [channels, \
                    samples], not from one of shape {shape:?}"
                );
                return Err(ScriptError::new(message));
            }
        };
        Ok(Dynamic::from(Waveform::new(
            singles(&tensor),
            n_channels,
            call.get("sample_rate")?,
        )?))
    })
    .on::<NdTensor>()
    .about("Makes a sound from samples [samples], or [channels, samples].")
    .param::<u32>("sample_rate", "samples per second, Hz")
    .returns("wave")
    .example(
        "let w = tensor([[0.5, -0.5]]).to_wave(8000); assert(w.peak() == 0.5 && w.n_channels \
        == 1)",
    )
}

fn to_features() -> Function {
    Function::new("to_features", Topic::Tensors, |call| {
        let tensor = call.receiver::<NdTensor>()?;
        let (n_channels, n_bands, n_frames) = match tensor.shape().as_slice() {
            [n_bands, n_frames] => (1, *n_bands, *n_frames),
            [n_channels, n_bands, n_frames] => (*n_channels, *n_bands, *n_frames),
            shape => {
                let message = format!(
                    "features are made from a tensor [bands, frames] or \
                    [channels, bands, frames], not from one of shape {shape:?}"
                );
                return Err(ScriptError::new(message));
            }
        };
        let values = singles(&tensor);
        Ok(Dynamic::from(Arc::new(Features {
            values,
            n_channels,
            n_bands,
            n_frames,
            axes: None,
        })))
    })
    .on::<NdTensor>()
    .about("Makes features from [bands, frames], or [channels, bands, frames].")
    .returns("features")
    .example("assert(zeros([64, 10]).to_features().shape == [1, 64, 10])")
}

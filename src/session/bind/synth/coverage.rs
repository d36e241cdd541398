//! How far synthetic sounds cover real ones.

use super::super::Environment;
use super::diagram::Diagram;
use super::synthesizer::seed;
use crate::script::{Call, Function, Parts, ScriptError, ScriptValue, Topic, escape, table};
use auricle_audio::Waveform;
use auricle_audio::dataset::Dataset;
use auricle_synth::coverage::{Coverage, DescriptorOptions};
use auricle_synth::{Playback, Synth, Units};
use rhai::{Array, Dynamic, Map};
use std::sync::Arc;

impl ScriptValue for Coverage {
    const NAME: &'static str = "coverage";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parts(&self) -> Parts {
        let (head, rows) = self.rows();
        let page = format!("{}<p>{}</p>", table(&head, rows), escape(&self.summary()));
        vec![("text/html", page.into())]
    }

    fn same(&self, other: &Coverage) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        coverage(environment),
        values(),
        distances(),
        frechet(),
        plot(),
    ]
}

const SOUNDS: &str = "a synthesizer, a dataset, or an array of waves";

fn coverage(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let default = DescriptorOptions::default();
    Function::new("coverage", Topic::Synthesis, move |call| {
        let real = sounds(call, "real", &environment)?;
        let synthetic = sounds(call, "synthetic", &environment)?;
        let rates = [&real, &synthetic].map(|waves| waves.first().map(Waveform::sample_rate));
        if let [Some(real), Some(synthetic)] = rates
            && real != synthetic
        {
            let message = format!("`real` has {real} Hz and `synthetic` {synthetic} Hz: sounds of one rate can be compared");
            return Err(ScriptError::new(message)
                .hint("`sample_rate` of synthesizers and datasets, `.resample(hz)` of waves"));
        }
        let options = DescriptorOptions {
            n_fft: call.get("n_fft")?,
            hop_length: call.get("hop_length")?,
        };
        let coverage = Coverage::of(&real, &synthetic, options)?;
        let frechet = distance_of_embeddings(call, &environment, &real, &synthetic)?;
        Ok(Dynamic::from(Coverage { frechet, ..coverage }))
    })
    .long()
    .about(
        "Compares real and synthetic sounds: spectral flux, centroid, flatness and inharmonicity, the distance between their \
         distributions, and the share of the real sounds among the synthetic ones; with a model, the Fréchet distance of \
         embeddings, too.",
    )
    .note(
        "a descriptor is the mean over a sound's frames that are not silent. The distance is the first Wasserstein distance, in \
         the descriptor's unit and over the standard deviation of the real sounds; covered is what lies within the middle \
         95 % of the synthetic ones",
    )
    .note("source: Peeters, \"A Large Set of Audio Features for Sound Description\", 2004; Kilgour et al., \"Fréchet Audio Distance\", 2019")
    .param::<Dynamic>("real", SOUNDS)
    .param::<Dynamic>("synthetic", SOUNDS)
    .option::<usize>("n", 200_i64, "sounds of each, where there are more: spread over a dataset, drawn from a synthesizer")
    .option::<Option<u64>>("seed", (), "seed of the patches of a synthesizer; the session's if not given")
    .option::<Dynamic>("model", (), "a model that brings its features along, or reads waves, such as `run.model`")
    .option::<usize>("n_fft", default.n_fft as i64, "samples of a frame")
    .option::<usize>("hop_length", default.hop_length as i64, "samples from frame to frame")
    .returns("coverage")
    .example(
        "let form = #{ seconds: 0.2, sample_rate: 8000, control_rate: 100 }; \
         let c = coverage(voice(form), voice_fm(form), #{ n: 8, seed: 1 }); \
         assert(c.distances().centroid > 0.0 && c.values().flux.real.len() == 8)",
    )
}

/// Some of the sounds that an argument stands for.
fn sounds(
    call: &Call<'_>,
    name: &str,
    environment: &Environment,
) -> Result<Vec<Waveform>, ScriptError> {
    let given = call.raw(name);
    let n = call.get::<usize>("n")?;
    if n == 0 {
        return Err(auricle_audio::Error::range("n", "at least 1", n).into());
    }
    if let Some(synth) = given.clone().try_cast::<Synth>() {
        let patches = synth.sample(n, seed(call, environment)?, 0, Units::Raw);
        return Ok(synth.waves(&patches, &Playback::default())?);
    }
    if let Some(data) = given.clone().try_cast::<Dataset>() {
        let n = n.min(data.len());
        let places = (0..n).map(|place| place * data.len() / n);
        return Ok(places
            .map(|place| Ok(data.wave(place)?.to_mono()))
            .collect::<Result<_, auricle_audio::Error>>()?);
    }
    let items = given.into_array().map_err(|_| call.wrong(name, SOUNDS))?;
    let n = n.min(items.len());
    let places = (0..n).map(|place| place * items.len() / n);
    places
        .map(|place| {
            let wave = items[place].clone().try_cast::<Waveform>();
            wave.map(|wave| wave.to_mono())
                .ok_or_else(|| call.wrong(name, SOUNDS))
        })
        .collect()
}

#[cfg(feature = "learn")]
fn distance_of_embeddings(
    call: &Call<'_>,
    environment: &Environment,
    real: &[Waveform],
    synthetic: &[Waveform],
) -> Result<Option<f64>, ScriptError> {
    use auricle_synth::coverage::frechet_distance;
    let model = call.raw("model");
    if model.is_unit() {
        return Ok(None);
    }
    let embeddings = |waves| super::super::learn::embeddings(call, "model", waves, environment);
    Ok(Some(frechet_distance(
        &embeddings(real)?,
        &embeddings(synthetic)?,
    )?))
}

#[cfg(not(feature = "learn"))]
fn distance_of_embeddings(
    call: &Call<'_>,
    _: &Environment,
    _: &[Waveform],
    _: &[Waveform],
) -> Result<Option<f64>, ScriptError> {
    match call.raw("model").is_unit() {
        true => Ok(None),
        false => Err(ScriptError::new("this program was built without models")),
    }
}

const SMALL: &str = "let form = #{ seconds: 0.2, sample_rate: 8000, control_rate: 100 }; \
    let c = coverage(voice(form), voice_fm(form), #{ n: 4, seed: 1 }); ";

fn values() -> Function {
    Function::new("values", Topic::Synthesis, |call| {
        let coverage = call.receiver::<Coverage>()?;
        let array = |values: &[f64]| {
            Dynamic::from_array(values.iter().map(|&x| x.into()).collect::<Array>())
        };
        let one = |compared: &auricle_synth::coverage::Compared| {
            let mut map = Map::new();
            map.insert("real".into(), array(&compared.real));
            map.insert("synthetic".into(), array(&compared.synthetic));
            map.insert("wasserstein".into(), compared.wasserstein().into());
            map.insert("distance".into(), compared.distance().into());
            map.insert("covered".into(), compared.covered().into());
            (compared.descriptor.name.into(), Dynamic::from_map(map))
        };
        Ok(Dynamic::from_map(coverage.compared.iter().map(one).collect()))
    })
    .on::<Coverage>()
    .about(
        "Gives for every descriptor a map of `real` and `synthetic`, the values of the sounds, ascending, and of `wasserstein`, \
         `distance` (over the standard deviation of the real ones) and `covered` (a share).",
    )
    .returns("map")
    .example(format!("{SMALL}assert(c.values().centroid.synthetic.len() == 4)"))
}

fn distances() -> Function {
    Function::new("distances", Topic::Synthesis, |call| {
        let coverage = call.receiver::<Coverage>()?;
        let distances = coverage.compared.iter();
        let map: Map = distances
            .map(|this| (this.descriptor.name.into(), this.distance().into()))
            .collect();
        Ok(Dynamic::from_map(map))
    })
    .on::<Coverage>()
    .about("Gives the distance of every descriptor's distributions, in standard deviations of the real sounds.")
    .returns("map")
    .example(format!("{SMALL}assert(c.distances().flux >= 0.0)"))
}

fn frechet() -> Function {
    Function::property::<Coverage, _>("frechet", Topic::Synthesis, |coverage| {
        Ok(coverage.frechet.map_or(Dynamic::UNIT, Dynamic::from))
    })
    .about("Fréchet distance of the embeddings of the model; nothing if none was given.")
    .example(format!("{SMALL}assert(c.frechet == ())"))
}

fn plot() -> Function {
    Function::new("plot", Topic::Synthesis, |call| {
        let coverage = call.receiver::<Coverage>()?;
        let drawing = coverage.to_drawing();
        Ok(Dynamic::from(Diagram::new("coverage", coverage.to_string(), drawing)))
    })
    .on::<Coverage>()
    .about("Draws the distributions of every descriptor: the real sounds blue, the synthetic ones red.")
    .returns("diagram")
    .example(format!("{SMALL}c.plot()"))
}

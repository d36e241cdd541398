//! Batches to loop over.

use super::super::super::Environment;
use super::super::model::{Model, log_mel};
use super::TINY_LOOP;
use super::figures::Figures;
use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::augment::{Domain, Recipe, Views};
use auricle_audio::dataset::{Dataset, Shards, Split};
use auricle_learn::batch::{Batch, Scaling};
use auricle_learn::feed::{self, Cut, Feed, Preparation, Workers};
use auricle_learn::live::{Batches, Place, Shape, Stream};
use auricle_learn::nn::FrontEnd;
use auricle_learn::tensor::{NdTensor, Values};
use auricle_learn::train::Schedule;
use auricle_learn::{Device, Error};
use rhai::{Dynamic, Engine, EvalAltResult, Map};
use std::sync::Arc;

/// Batches of a dataset, and all that making them needs.
#[derive(Clone)]
pub(super) struct Supply {
    batches: Batches,
    /// From a clip as it is to what the views give, if that is known.
    front_end: Option<Recipe>,
    device: Device,
    workers: Workers,
    figures: Arc<Figures>,
    environment: Arc<Environment>,
}

impl ScriptValue for Supply {
    const NAME: &'static str = "batches";

    fn text(&self) -> String {
        let Batches {
            feed, cut, epochs, ..
        } = &self.batches;
        format!(
            "batches of {} clips of {}: {epochs} epochs of {} batches\n  recipe: {}",
            cut.batch,
            feed.supply.name(),
            self.batches.steps_per_epoch(),
            feed.by.views
        )
    }
}

/// One batch, on the device.
#[derive(Clone)]
pub(super) struct Item {
    views: Arc<[NdTensor]>,
    labels: Arc<[Option<usize>]>,
    /// What there is to predict where it is not one class.
    targets: Option<NdTensor>,
    ids: Arc<[u64]>,
    place: Place,
}

impl ScriptValue for Item {
    const NAME: &'static str = "batch";

    fn text(&self) -> String {
        let shapes: Vec<String> = self
            .views
            .iter()
            .map(|view| format!("{:?}", view.shape()))
            .collect();
        let Place { epoch, step } = self.place;
        format!(
            "batch {step} in epoch {epoch}: {} clips, views {}",
            self.ids.len(),
            shapes.join(", ")
        )
    }
}

/// The batches of a loop in a script.
pub(super) struct Iterating {
    supply: Supply,
    stream: Stream,
    /// Whether it is the outermost loop, whose figures are kept.
    is_outermost: bool,
    /// Whether a step is under way.
    in_step: bool,
}

impl IntoIterator for Supply {
    type Item = Result<Item, Box<EvalAltResult>>;
    type IntoIter = Iterating;

    fn into_iter(self) -> Iterating {
        let shape = Shape {
            steps: self.batches.len(),
            steps_per_epoch: self.batches.steps_per_epoch(),
            batch: self.batches.cut.batch,
            start: self.batches.start,
        };
        Iterating {
            stream: self.batches.stream(&self.workers),
            is_outermost: self.figures.begin(shape),
            in_step: false,
            supply: self,
        }
    }
}

impl Iterator for Iterating {
    type Item = Result<Item, Box<EvalAltResult>>;

    fn next(&mut self) -> Option<Result<Item, Box<EvalAltResult>>> {
        let Supply {
            figures,
            environment,
            device,
            ..
        } = &self.supply;
        if std::mem::take(&mut self.in_step) && self.is_outermost {
            figures.step(self.stream.waited(), environment);
        }
        let stop = environment.token.stop();
        let found = self.stream.next_unless(&|| stop.is_asked());
        let item = found.and_then(|found| {
            let on_device = |(place, batch)| item(place, batch, device);
            found.map(on_device).transpose()
        });
        self.in_step = matches!(item, Ok(Some(_)));
        let error = |error| match error {
            Error::Stopped => ScriptError::interrupted(),
            other => other.into(),
        };
        item.map_err(|fault| error(fault).into()).transpose()
    }
}

impl Drop for Iterating {
    fn drop(&mut self) {
        if self.is_outermost {
            self.supply.figures.end(&self.supply.environment);
        }
    }
}

/// A batch of the host on a device.
fn item(place: Place, batch: Batch, device: &Device) -> Result<Item, Error> {
    let view = |view: auricle_learn::batch::View| {
        NdTensor::new(Values::Float(view.values), &view.shape, device)
    };
    let views = batch.views.into_iter().map(view);
    let targets = batch.targets.map(|targets| {
        let shape = [targets.known.len(), targets.columns];
        NdTensor::new(Values::Float(targets.values), &shape, device)
    });
    Ok(Item {
        targets: targets.transpose()?,
        views: views.collect::<Result<_, _>>()?,
        labels: batch.labels.into(),
        ids: batch.ids.into(),
        place,
    })
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_iterator_result::<Supply, Item>();
}

pub(super) fn functions(environment: &Arc<Environment>, figures: &Arc<Figures>) -> Vec<Function> {
    let mut all = vec![
        batches::<Dataset, _>(environment, figures, |data| data)
            .about("Describes batches of the clips, for a loop of one's own: `for batch in data.batches(...)`.")
            .example(
                TINY_LOOP.to_owned()
                    + "for batch in batches { assert(batch.views[1].shape == [4, 1, 16, 21]) }",
            ),
        batches::<Split, _>(environment, figures, |split| split.train)
            .about("Describes batches of the training clips, for a loop of one's own.")
            .example(
                "let clips = []; for i in 0..10 { clips.push(#{ wave: tone(200 + 100 * i, 0.2) }) } \
                let split = dataset(clips).split(#{ test: 0.2 }); \
                assert(split.batches(4).len() == 2)",
            ),
        batches::<Shards, _>(environment, figures, |shards| shards)
            .about("Describes batches of the clips of shards, read as a stream, for a loop of one's own.")
            .example(
                "let clips = []; for i in 0..12 { clips.push(#{ wave: tone(200 + 100 * i, 0.2) }) } \
                let d = temporary_folder(); dataset(clips).pack(d, #{ shard_size: 5 }); let ids = []; \
                for batch in shards(d).batches(4, #{ recipe: log_mel(#{ n_mels: 16 }) }) { ids += batch.ids; } \
                ids.sort(); assert(ids.len() == 12 && ids[11] == 11)",
            ),
    ];
    all.extend(of_batches());
    all.extend(of_one());
    all.push(factor());
    all
}

fn batches<T: ScriptValue, S: feed::Supply + 'static>(
    environment: &Arc<Environment>,
    figures: &Arc<Figures>,
    clips: fn(T) -> S,
) -> Function {
    let (environment, figures) = (environment.clone(), figures.clone());
    Function::new("batches", Topic::Training, move |call| {
        let data = clips(call.receiver::<T>()?);
        let views = views(call)?;
        let workers = environment.workers()?;
        let front_end = front_end(&views)?;
        let scaling = scaling(call, &data, front_end.as_ref(), &workers, &environment)?;
        let seed = call.get::<Option<u64>>("seed")?;
        let feed = Feed {
            supply: Arc::new(data),
            by: Preparation {
                views,
                scaling,
                seed: seed.unwrap_or_else(|| environment.seed()),
            },
        };
        let cut = Cut {
            batch: call.get("n")?,
            shuffle: call.get("shuffle")?,
            drop_last: call.get("drop_last")?,
        };
        let batches = Batches {
            feed,
            cut,
            epochs: call.get("epochs")?,
            start: call.get("start")?,
        };
        batches.check()?;
        Ok(Dynamic::from(Supply {
            batches,
            front_end,
            device: environment.device()?,
            workers,
            figures: figures.clone(),
            environment: environment.clone(),
        }))
    })
    .on::<T>()
    .long()
    .note("they are made ahead on threads of their own; what they hold depends on the seed alone, and is what a run of the same seed sees")
    .param_or::<usize>("n", 128, "clips in a batch")
    .option::<Dynamic>(
        "recipe",
        (),
        "what becomes of a clip: `views(n, recipe)`, or a recipe, to features or to waves; `log_mel()` if not given",
    )
    .option::<Option<i64>>("views", (), "views of every clip, where the recipe does not say it; 1 if not given")
    .option::<usize>("epochs", 1, "passes over the data")
    .option::<bool>("shuffle", true, "whether every epoch has an order of its own")
    .option::<Option<u64>>("seed", (), "seed of order and views; the session's if not given")
    .option::<bool>("drop_last", true, "whether a last batch that is not full is left out")
    .option::<usize>("start", 0, "batches that are passed over at first, such as those before a `resume`")
    .option::<Dynamic>(
        "scale",
        true,
        "whether values are centred and scaled as the clips without augmentation say; or `scaling` of other batches",
    )
    .returns("batches")
    .reads_data()
}

fn views(call: &Call<'_>) -> Result<Views, ScriptError> {
    let given = call.raw("recipe");
    let n = call.get::<Option<i64>>("views")?;
    if let Some(views) = given.clone().try_cast::<Views>() {
        let own = views.recipes().len() as i64;
        return match n {
            Some(n) if n != own => {
                Err(call.wrong("views", &format!("{own}, as many as the recipe makes")))
            }
            _ => Ok(views),
        };
    }
    let recipe = match given.clone().try_cast::<Recipe>() {
        Some(recipe) => recipe,
        None if given.is_unit() => log_mel()?,
        None => return Err(call.wrong("recipe", "views or a recipe")),
    };
    Ok(Views::of(n.unwrap_or(1), &recipe)?)
}

/// The recipe by which a clip as it is becomes what the views give, where one stage of them says
/// it: for waves, none.
fn front_end(views: &Views) -> Result<Option<Recipe>, ScriptError> {
    if views.flow()?.gives != Some(Domain::Features) {
        return Ok(Some(Recipe::identity()));
    }
    Ok(views.recipes().iter().find_map(Recipe::front_end))
}

fn scaling(
    call: &Call<'_>,
    data: &dyn feed::Supply,
    front_end: Option<&Recipe>,
    workers: &Workers,
    environment: &Environment,
) -> Result<Scaling, ScriptError> {
    let given = call.raw("scale");
    let part = |map: &Map, name: &str| map.get(name).and_then(f64::from_script);
    if let Some(map) = given.clone().try_cast::<Map>() {
        let scaling = part(&map, "mean").zip(part(&map, "deviation"));
        let scaling = scaling.filter(|(_, deviation)| *deviation > 0.0);
        return match scaling {
            Some((mean, deviation)) => Ok(Scaling { mean, deviation }),
            None => Err(call.wrong("scale", "a map of `mean` and of `deviation`, above 0")),
        };
    }
    match (given.as_bool(), front_end) {
        (Ok(false), _) => Ok(Scaling::NONE),
        (Ok(true), Some(front_end)) => {
            let stop = environment.token.stop();
            Ok(data.measure(front_end, workers, &|| stop.is_asked())?)
        }
        (Ok(true), None) => Err(ScriptError::new(
            "the recipe does not say by which one stage a clip becomes features without augmentation",
        )
        .hint("give `scale: false`, or the `scaling` of other batches")),
        (Err(_), _) => Err(call.wrong("scale", "true, false, or the `scaling` of other batches")),
    }
}

fn of_batches() -> Vec<Function> {
    let example = |rest: &str| TINY_LOOP.to_owned() + rest;
    vec![
        Function::new("len", Topic::Training, |call| {
            Ok(call.receiver::<Supply>()?.batches.len() as i64)
        })
        .on::<Supply>()
        .about("Counts the batches of all epochs.")
        .returns("number")
        .reads_data()
        .example(example("assert(batches.len() == 4)")),
        Function::property::<Supply, _>("steps_per_epoch", Topic::Training, |supply| {
            Ok(supply.batches.steps_per_epoch() as i64)
        })
        .about("Number of batches of an epoch.")
        .reads_data()
        .example(example("assert(batches.steps_per_epoch == 2)")),
        Function::property::<Supply, _>("scaling", Topic::Training, |supply| {
            let Scaling { mean, deviation } = supply.batches.feed.by.scaling;
            let parts = [("mean", mean), ("deviation", deviation)];
            let parts = parts.map(|(name, value)| (name.into(), value.into()));
            Ok(Dynamic::from_map(Map::from(parts)))
        })
        .about("What all values were centred by and divided by: a map of `mean` and `deviation`.")
        .reads_data()
        .example(example("assert(batches.scaling.deviation > 0)")),
        Function::new("with_front_end", Topic::Training, |call| {
            let model = call.receiver::<Model>()?;
            let supply = call.value::<Supply>("batches")?;
            let recipe = supply.front_end.ok_or_else(|| {
                let message = "the recipe of the batches does not say by which one stage a clip \
                    becomes features";
                ScriptError::new(message)
            })?;
            let mut encoder = model.encoder;
            encoder.front_end = Some(FrontEnd {
                recipe,
                scaling: supply.batches.feed.by.scaling,
            });
            Ok(Dynamic::from(Model { encoder, ..model }))
        })
        .on::<Model>()
        .about("Gives the model with the features and the scaling of batches as its front-end, for `embed`, probes and `save`; its weights are shared.")
        .param::<Dynamic>("batches", "what it is trained on")
        .returns("model")
        .reads_data()
        .example(example(
            "let m = resnet18(#{ width: 4 }).with_front_end(batches); \
            assert(m.embed(dataset(clips)).shape == [8, 32])",
        )),
    ]
}

fn of_one() -> Vec<Function> {
    let example = |rest: &str| format!("{TINY_LOOP}for batch in batches {{ {rest} break }}");
    let array = |values: Vec<Dynamic>| Dynamic::from_array(values);
    vec![
        Function::property::<Item, _>("views", Topic::Training, move |item| {
            Ok(array(item.views.iter().cloned().map(Dynamic::from).collect()))
        })
        .about("The views as tensors: features [batch, channels, bands, frames], or waves [batch, channels, samples].")
        .reads_data()
        .example(example("assert(batch.views.len() == 2);")),
        Function::property::<Item, _>("labels", Topic::Training, move |item| {
            let label = |label: &Option<usize>| label.map_or(Dynamic::UNIT, |l| (l as i64).into());
            Ok(array(item.labels.iter().map(label).collect()))
        })
        .about("The class of every clip, from 0, `()` where it is missing: as losses take them.")
        .reads_data()
        .example(example("assert(batch.labels[0] in [0, 1]);")),
        Function::property::<Item, _>("targets", Topic::Training, move |item| {
            Ok(item.targets.clone().map_or(Dynamic::UNIT, Dynamic::from))
        })
        .about("What there is to predict where clips have several classes or a number, a tensor: 1 or 0 for every class [batch, classes], -1 where it is not known, as `binary_cross_entropy` takes them; or the number [batch, 1], NaN where it is not known. `()` where clips have one class.")
        .reads_data()
        .example(example("assert(batch.targets == ());")),
        Function::property::<Item, _>("ids", Topic::Training, move |item| {
            Ok(array(item.ids.iter().map(|&id| (id as i64).into()).collect()))
        })
        .about("The number of every clip in its dataset.")
        .reads_data()
        .example(example("assert(batch.ids.len() == 4);")),
        Function::property::<Item, _>("epoch", Topic::Training, |item| {
            Ok(item.place.epoch as i64)
        })
        .about("Which epoch it is of, from 1.")
        .reads_data()
        .example(example("assert(batch.epoch == 1);")),
        Function::property::<Item, _>("step", Topic::Training, |item| Ok(item.place.step as i64))
            .about("Which batch of the whole loop it is, from 0.")
            .reads_data()
            .example(example("assert(batch.step == 0);")),
    ]
}

/// A schedule in a loop of one's own.
fn factor() -> Function {
    Function::new("factor", Topic::Training, |call| {
        let schedule = call.receiver::<Schedule>()?;
        let batches = call.value::<Supply>("batches")?.batches;
        Ok(schedule.factor(call.get("step")?, batches.len(), batches.steps_per_epoch()))
    })
    .on::<Schedule>()
    .about("Gives what the schedule multiplies the peak learning rate by at a step of a loop over batches.")
    .param::<usize>("step", "which step, from 0, such as `batch.step`")
    .param::<Dynamic>("batches", "what the loop goes over")
    .returns("number")
    .reads_data()
    .example(
        TINY_LOOP.to_owned()
            + "let s = warmup_cosine(#{ warmup_epochs: 1 }); assert(s.factor(0, batches) == 0.5)",
    )
}

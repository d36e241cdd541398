//! Optimizers that hold the models they train.

use super::super::model::Model;
use super::super::tensor::Gradients;
use super::TINY_LOOP;
use super::figures::Figures;
use crate::script::{
    Call, FromScript, Function, ScriptError, ScriptValue, Topic, Unknown, describe,
};
use auricle_learn::live;
use auricle_learn::live::Part;
use auricle_learn::tensor::NdTensor;
use auricle_learn::train::Optimizer;
use rhai::{Array, Dynamic, Engine, EvalAltResult};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

/// An optimizer with its models. Clones are the same one.
#[derive(Clone)]
pub(super) struct Trainer(Arc<Mutex<live::Trainer>>);

impl Trainer {
    fn lock(&self) -> MutexGuard<'_, live::Trainer> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl ScriptValue for Trainer {
    const NAME: &'static str = "trainer";

    fn text(&self) -> String {
        // A step that the user did not wait for may still be under way.
        let Ok(trainer) = self.0.try_lock() else {
            return "trainer, finishing its last step".into();
        };
        let parts = trainer.parts().iter();
        let parts: Vec<String> = parts.map(ToString::to_string).collect();
        format!(
            "trainer of {}, after {} steps\n  optimizer: {}",
            parts.join(" and "),
            trainer.steps(),
            trainer.description()
        )
    }
}

/// Weights from which a step may take a person's time.
const LONG: usize = 1 << 20;

pub(super) fn functions(figures: &Arc<Figures>, optimizers: &[Function]) -> Vec<Function> {
    let mut all: Vec<Function> = optimizers.iter().flat_map(on_models).collect();
    all.extend([
        step(),
        learning_rate(),
        steps(),
        save(figures),
        resume(figures),
    ]);
    all.extend(of_models());
    all
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_set(
        "learning_rate",
        |trainer: &mut Trainer, value: Dynamic| -> Result<(), Box<EvalAltResult>> {
            // While a script is checked without data, the rate may depend on some.
            if value.is::<Unknown>() {
                return Ok(());
            }
            let rate = f64::from_script(&value).filter(|rate| *rate >= 0.0 && rate.is_finite());
            let wrong = || {
                let given = describe(&value);
                ScriptError::new(format!(
                    "`learning_rate` must be a number of at least 0, not {given}"
                ))
            };
            trainer.lock().learning_rate = rate.ok_or_else(wrong)?;
            Ok(())
        },
    );
}

/// A function that describes an optimizer, called on a model or an array of them.
fn on_models(describe: &Function) -> [Function; 2] {
    let name = describe.name();
    let about = |what: &str| {
        format!(
            "Puts {what} under training by this optimizer: `opt.step(loss.backward())` moves the weights."
        )
    };
    let notes = |function: Function| {
        function
            .note("the weights change in place, in every variable that holds the model; `m.copy()` is a model apart")
            .note("under training `m.forward(x)` takes the batch's statistics and is followed for gradients; \
                inside `no_grad`, and in `embed`, probes and `save`, a model has its running statistics")
            .returns("trainer")
    };
    let one = describe
        .clone()
        .upon::<Model>(|call, described| {
            trainer(
                vec![Part::Model(call.receiver::<Model>()?.encoder)],
                &described,
            )
        })
        .about(about("a model"))
        .example(format!(
            "let m = mlp(2, [1], #{{ seed: 0 }}); let opt = {name}(m, #{{ learning_rate: 0.01 }}); \
            let x = tensor([[1, 2]]); let before = no_grad(|| m.forward(x)).item(); \
            opt.step(m.forward(x).sum().backward()); \
            assert(no_grad(|| m.forward(x)).item() < before)"
        ));
    let several = describe
        .clone()
        .upon_built_in::<Array>("array", |call, described| {
            trainer(parts(&call.get::<Array>("self")?)?, &described)
        })
        .about(about(
            "several models, such as an encoder and its head, and tensors that `require_grad()` gave,",
        ))
        .note("a tensor moves in every variable that holds it; one of a single axis does not decay")
        .example(format!(
            "let m = mlp(4, [3]); let head = mlp(3, [2]); let opt = {name}([m, head]); \
            opt.step(head.forward(m.forward(ones([5, 4]))).mean().backward()); \
            let w = tensor([[1, 2]]).require_grad(); let opt = {name}([w]); \
            opt.step((w * w).sum().backward()); assert(w.to_array() != [[1.0, 2.0]])"
        ));
    [notes(one), notes(several)]
}

fn parts(given: &Array) -> Result<Vec<Part>, ScriptError> {
    let part = |item: &Dynamic| {
        if let Some(model) = item.clone().try_cast::<Model>() {
            return Ok(Part::Model(model.encoder));
        }
        if let Some(tensor) = item.clone().try_cast::<NdTensor>() {
            return Ok(Part::Tensor(tensor));
        }
        let given = crate::script::describe(item);
        let message =
            format!("an optimizer trains an array of models and tensors, not with {given}");
        Err(ScriptError::new(message))
    };
    given.iter().map(part).collect()
}

fn trainer(parts: Vec<Part>, described: &Dynamic) -> Result<Dynamic, ScriptError> {
    let missing = || ScriptError::new("internal error: an optimizer without a description");
    let description = described
        .clone()
        .try_cast::<Optimizer>()
        .ok_or_else(missing)?;
    let trainer = live::Trainer::new(parts, description)?;
    Ok(Dynamic::from(Trainer(Arc::new(Mutex::new(trainer)))))
}

fn step() -> Function {
    let is_long = |call: &Call<'_>| {
        let trainer = call.receiver::<Trainer>();
        trainer.is_ok_and(|trainer| {
            let trainer = trainer.lock();
            let weights = trainer.parts().iter().map(Part::n_parameters);
            weights.sum::<usize>() >= LONG
        })
    };
    Function::new("step", Topic::Training, |call| {
        let trainer = call.receiver::<Trainer>()?;
        let gradients = call.value::<Gradients>("gradients")?;
        gradients.with(|gradients| trainer.lock().step(gradients))?;
        Ok(())
    })
    .on::<Trainer>()
    .long_if(is_long)
    .about("Moves the weights of the models by the gradients of a loss.")
    .note("the gradients of these models are used up; those of other models stay, for another optimizer")
    .param::<Dynamic>("gradients", "what `loss.backward()` gives")
    .example(
        "let m = mlp(2, [2]); let opt = sgd(m); let loss = cross_entropy(m.forward(ones([3, 2])), [0, 1, 1]); \
        opt.step(loss.backward()); assert(opt.steps == 1)",
    )
}

fn learning_rate() -> Function {
    Function::property::<Trainer, _>("learning_rate", Topic::Training, |trainer| {
        Ok(trainer.lock().learning_rate)
    })
    .about("The learning rate of the next step; it can be set.")
    .example(
        "let opt = sgd(mlp(2, [1]), #{ learning_rate: 0.1 }); opt.learning_rate *= 0.5; \
        assert(opt.learning_rate == 0.05)",
    )
}

fn steps() -> Function {
    Function::property::<Trainer, _>("steps", Topic::Training, |trainer| {
        Ok(trainer.lock().steps() as i64)
    })
    .about("Number of steps done, those before a `resume` among them.")
    .example("assert(sgd(mlp(2, [1])).steps == 0)")
}

fn save(figures: &Arc<Figures>) -> Function {
    let figures = figures.clone();
    Function::new("save", Topic::Training, move |call| {
        let path = call.get::<String>("path")?;
        let trainer = call.receiver::<Trainer>()?;
        trainer.lock().save(Path::new(&path), figures.kept())?;
        Ok(())
    })
    .on::<Trainer>()
    .long()
    .about("Saves the models' weights, the optimizer's state and what `log` was told as one safetensors file, whole or not at all.")
    .param::<String>("path", "where to")
    .reads_data()
    .example("adam(mlp(2, [1])).save(temporary_folder() + \"/loop.safetensors\")")
}

fn resume(figures: &Arc<Figures>) -> Function {
    let figures = figures.clone();
    Function::new("resume", Topic::Training, move |call| {
        let path = call.get::<String>("path")?;
        let trainer = call.receiver::<Trainer>()?;
        let mut trainer = trainer.lock();
        if let Some(journal) = trainer.resume(Path::new(&path))? {
            figures.take_up(journal);
        }
        Ok(trainer.steps() as i64)
    })
    .on::<Trainer>()
    .long()
    .about("Takes up what `save` wrote, if the file is there, and gives the number of steps done: the `start` of the batches of a loop that goes on.")
    .note("the loop then gives what one that was never stopped gives")
    .param::<String>("path", "the file")
    .returns("number")
    .reads_data()
    .example(
        TINY_LOOP.to_owned()
            + "let f = temporary_folder() + \"/loop.safetensors\"; let m = mlp(2, [1], #{ seed: 0 }); \
            let opt = adam(m); let x = ones([1, 2]); opt.step(m.forward(x).sum().backward()); opt.save(f); \
            let n = mlp(2, [1], #{ seed: 1 }); assert(adam(n).resume(f) == 1); \
            assert(no_grad(|| n.forward(x)) == no_grad(|| m.forward(x)))",
    )
}

fn of_models() -> Vec<Function> {
    vec![
        Function::new("copy", Topic::Training, |call| {
            let model = call.receiver::<Model>()?;
            let encoder = model.encoder.copy();
            Ok(Dynamic::from(Model { encoder, ..model }))
        })
        .on::<Model>()
        .about("Gives a model apart, with the weights that this one has now: no training of either changes the other.")
        .note("it is not under training, so that it has its running statistics and no gradients")
        .returns("model")
        .example(
            "let m = mlp(2, [1]); let before = m.copy(); let x = ones([1, 2]); \
            let opt = sgd(m); opt.step(m.forward(x).sum().backward()); assert(before.forward(x) != no_grad(|| m.forward(x)))",
        ),
        Function::property::<Model, _>("is_training", Topic::Training, |model| {
            Ok(model.encoder.is_training())
        })
        .about("Whether it is under training by an optimizer.")
        .example("let m = mlp(2, [1]); assert(!m.is_training); adam(m); assert(m.is_training)"),
    ]
}

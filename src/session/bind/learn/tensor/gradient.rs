//! Gradients.

use super::elementwise::method;
use super::value::Tape;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::tensor::NdTensor;
use rhai::{Array, Dynamic, FnPtr, Map};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};

/// The gradients of one number with respect to everything that it was computed from.
#[derive(Clone)]
pub(in crate::bind::learn) struct Gradients(Arc<Mutex<auricle_learn::Gradients>>);

impl Gradients {
    /// Lets someone take gradients out.
    pub(in crate::bind::learn) fn with<T>(
        &self,
        take: impl FnOnce(&mut auricle_learn::Gradients) -> T,
    ) -> T {
        take(&mut locked(&self.0))
    }

    fn of(&self, tensor: &NdTensor) -> Result<NdTensor, ScriptError> {
        tensor.gradient(&locked(&self.0)).ok_or_else(|| {
            ScriptError::new(
                "this tensor has no gradient: the number was not computed from \
                it",
            )
            .hint(
                "a parameter is what `require_grad()` gives; what is computed from it, or was cut \
                    from it, is another tensor",
            )
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl ScriptValue for Gradients {
    const NAME: &'static str = "gradients";

    fn text(&self) -> String {
        "gradients; `gradients.of(t)` gives that of a parameter".into()
    }
}

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    vec![
        Function::new("require_grad", Topic::Tensors, |call| {
            Ok(Dynamic::from(call.receiver::<NdTensor>()?.require_grad()))
        })
        .on::<NdTensor>()
        .about(
            "Gives the same numbers as a parameter, which `backward` computes a gradient for; \
            what made them is forgotten.",
        )
        .returns("tensor")
        .example(
            "let w = tensor([3]).require_grad(); (w * w).sum().backward(); \
            assert(w.grad().item() == 6)",
        ),
        method("detach", tape, |tensor, _, _| Ok(tensor.detach()))
            .about("Gives the same numbers, cut from what made them: no gradient passes.")
            .example(
                "let w = tensor([3]).require_grad(); (w * w.detach()).sum().backward(); \
                assert(w.grad().item() == 3)",
            ),
        backward(tape),
        grad(tape),
        of(),
        no_grad(tape),
    ]
}

fn backward(tape: &Arc<Tape>) -> Function {
    let tape = tape.clone();
    Function::new("backward", Topic::Tensors, move |call| {
        let gradients = Arc::new(Mutex::new(call.receiver::<NdTensor>()?.backward()?));
        *locked(&tape.last) = Some(gradients.clone());
        Ok(Dynamic::from(Gradients(gradients)))
    })
    .on::<NdTensor>()
    .long()
    .about(
        "Computes the gradients of a single number, such as a loss, with respect to all \
        parameters it was computed from.",
    )
    .note("gradients do not add up over calls: `t.grad()` is that of the last one")
    .returns("gradients")
    .example(
        "let w = tensor([1, 2]).require_grad(); let g = (w ** 3).sum().backward(); \
        assert(g.of(w).to_array() == [3.0, 12.0])",
    )
}

fn grad(tape: &Arc<Tape>) -> Function {
    let tape = tape.clone();
    Function::new("grad", Topic::Tensors, move |call| {
        let last = locked(&tape.last).clone();
        let gradients = last.map(Gradients).ok_or_else(|| {
            ScriptError::new("there are no gradients yet").hint("`loss.backward()` computes them")
        })?;
        Ok(Dynamic::from(gradients.of(&call.receiver()?)?))
    })
    .on::<NdTensor>()
    .about("Gives a parameter's gradient of the last `backward`.")
    .returns("tensor")
    .example(
        "let w = tensor([2]).require_grad(); (5 * w).sum().backward(); assert(w.grad().item() \
        == 5)",
    )
}

fn of() -> Function {
    Function::new("of", Topic::Tensors, |call| {
        let gradients = call.receiver::<Gradients>()?;
        Ok(Dynamic::from(gradients.of(&call.value("parameter")?)?))
    })
    .on::<Gradients>()
    .about("Gives the gradient of one parameter.")
    .param::<Dynamic>("parameter", "a tensor that `require_grad()` gave")
    .returns("tensor")
    .example(
        "let w = tensor([2]).require_grad(); assert((w * 4).sum().backward().of(w).item() == 4)",
    )
}

/// Ends a `no_grad` also when what runs in it fails.
struct Pause<'a>(&'a Tape);

impl<'a> Pause<'a> {
    fn begin(tape: &'a Tape) -> Pause<'a> {
        tape.paused.fetch_add(1, Ordering::Relaxed);
        Pause(tape)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.paused.fetch_sub(1, Ordering::Relaxed);
    }
}

fn no_grad(tape: &Arc<Tape>) -> Function {
    let tape = tape.clone();
    Function::new("no_grad", Topic::Tensors, move |call: &Call<'_>| {
        let pause = Pause::begin(&tape);
        let result = call.run(&call.get::<FnPtr>("body")?, ());
        drop(pause);
        result.map(cut)
    })
    .in_session()
    .about("Runs a closure in which nothing is remembered for gradients, and gives what it gives.")
    .param::<FnPtr>("body", "the closure, without parameters")
    .returns("value")
    .example(
        "let w = tensor([2]).require_grad(); let y = no_grad(|| w * 3); assert(y.item() == 6 \
        && !y.requires_grad)",
    )
}

/// The same value with every tensor in it cut from what made it.
fn cut(value: Dynamic) -> Dynamic {
    if let Some(tensor) = value.clone().try_cast::<NdTensor>() {
        return Dynamic::from(tensor.detach());
    }
    if let Ok(array) = value.as_array_ref() {
        return Dynamic::from_array(array.iter().cloned().map(cut).collect::<Array>());
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map
            .iter()
            .map(|(key, value)| (key.clone(), cut(value.clone())));
        return Dynamic::from_map(entries.collect::<Map>());
    }
    value
}

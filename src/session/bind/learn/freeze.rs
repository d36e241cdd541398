//! Parts of a model that training leaves as they are.

use super::model::Model;
use crate::script::{Function, ScriptError, Topic};
use auricle_learn::nn::Encoder;
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![
        changing("freeze", Encoder::freeze)
            .about(
                "Freezes parts of a model, or all of it if none is named: no training moves their \
                 weights, in methods and in loops of one's own.",
            )
            .note(
                "a frozen layer is as in evaluation: a batch norm normalizes with its running \
                 statistics and keeps them, dropout drops nothing; as in PyTorch after \
                 `requires_grad_(False)` and `eval()`. A norm of which single weights are named \
                 still takes the batch's statistics",
            )
            .note(
                "the model itself is changed, in every variable that holds it, and given back; \
                 `m.copy()`, `m.load(...)` and a run's model are frozen alike, files do not know \
                 of it",
            )
            .gathered(
                "parts",
                "names as in `summary()` and in files: of parts, such as `layer1`, or of weights",
            )
            .example(
                "let m = resnet18(#{ width: 4 }).freeze(\"conv1\", \"bn1\", \"layer1\"); \
                 assert(m.frozen == [\"bn1\", \"conv1\", \"layer1\"])",
            ),
        changing("unfreeze", Encoder::unfreeze)
            .about("Lets training move parts of a model again, or all of it if none is named.")
            .gathered("parts", "names of parts or weights")
            .example(
                "let m = mlp(2, [4, 3]).freeze(); m.unfreeze(\"layers.1\"); \
                 assert(m.frozen == [\"layers.0\"])",
            ),
        Function::property::<Model, _>("frozen", Topic::Training, |model| {
            let parts = model.encoder.frozen().into_iter();
            Ok(Dynamic::from_array(parts.map(Into::into).collect()))
        })
        .about("Names of the parts that are frozen.")
        .example("assert(mlp(2, [1]).frozen == [])"),
    ]
}

/// A method that changes a model and gives it back.
fn changing(
    name: &'static str,
    change: fn(&Encoder, &[String]) -> Result<(), auricle_learn::Error>,
) -> Function {
    Function::new(name, Topic::Training, move |call| {
        let model = call.receiver::<Model>()?;
        change(&model.encoder, &call.get::<Vec<String>>("parts")?)?;
        Ok::<_, ScriptError>(Dynamic::from(model))
    })
    .on::<Model>()
    .returns("model")
}

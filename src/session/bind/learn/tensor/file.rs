//! Tensors in files.

use super::super::super::Environment;
use super::value::DTYPES;
use crate::script::{Function, ScriptError, Topic, describe};
use auricle_learn::tensor::{NdTensor, load_npy, load_safetensors, save_npy, save_safetensors};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        load_one(environment),
        save_one(),
        save(),
        load_all(environment),
        save_all(),
    ]
}

fn load_one(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("load_npy", Topic::Tensors, move |call| {
        let path = call.get::<String>("path")?;
        Ok(Dynamic::from(load_npy(
            Path::new(&path),
            &environment.device()?,
        )?))
    })
    .long()
    .about("Reads a tensor from NumPy's file.")
    .note(format!(
        "kinds of numbers become {}: double and half precision single, all whole ones 64 bits",
        DTYPES.join(", ")
    ))
    .param::<String>("path", "the file")
    .returns("tensor")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/t.npy\"; save_npy(f, arange(3)); \
        assert(load_npy(f).to_array() == [0, 1, 2])",
    )
}

fn save_one() -> Function {
    Function::new("save_npy", Topic::Tensors, |call| {
        let path = call.get::<String>("path")?;
        Ok(save_npy(Path::new(&path), &call.value("tensor")?)?)
    })
    .long()
    .about("Writes a tensor as NumPy's file, whole or not at all.")
    .param::<String>("path", "where to")
    .param::<Dynamic>("tensor", "the tensor")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/t.npy\"; save_npy(f, eye(2)); assert(load_npy(f) == \
        eye(2))",
    )
}

fn save() -> Function {
    Function::new("save", Topic::Tensors, |call| {
        let (tensor, path) = (call.receiver::<NdTensor>()?, call.get::<String>("path")?);
        let path = Path::new(&path);
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => Ok(save_npy(path, &tensor)?),
            _ => Err(call
                .wrong("path", "a name that ends in `.npy`")
                .hint("`save_safetensors(path, #{ name: tensor })` writes several by name")),
        }
    })
    .on::<NdTensor>()
    .long()
    .about("Saves the tensor as NumPy's file, whole or not at all.")
    .param::<String>("path", "where to, a name that ends in `.npy`")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/t.npy\"; eye(2).save(f); assert(load_npy(f) == eye(2))",
    )
}

fn load_all(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("load_safetensors", Topic::Tensors, move |call| {
        let path = call.get::<String>("path")?;
        let tensors = load_safetensors(Path::new(&path), &environment.device()?)?;
        let entries = tensors
            .into_iter()
            .map(|(name, tensor)| (name.into(), Dynamic::from(tensor)));
        Ok(Dynamic::from_map(entries.collect::<Map>()))
    })
    .long()
    .about("Reads all tensors of a safetensors file: a map of names and tensors.")
    .param::<String>("path", "the file")
    .returns("map")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/t.safetensors\"; save_safetensors(f, #{ a: ones([2]) \
        }); assert(load_safetensors(f).a == ones([2]))",
    )
}

fn save_all() -> Function {
    Function::new("save_safetensors", Topic::Tensors, |call| {
        let path = call.get::<String>("path")?;
        let wrong = |name: &str, value: &Dynamic| {
            let message = format!(
                "`tensors` must be a map of tensors; `{name}` is \
                {}",
                describe(value)
            );
            ScriptError::new(message)
        };
        let entry = |(name, value): (rhai::Identifier, Dynamic)| {
            let tensor = value
                .clone()
                .try_cast::<NdTensor>()
                .ok_or_else(|| wrong(&name, &value))?;
            Ok::<_, ScriptError>((name.to_string(), tensor))
        };
        let entries = call.get::<Map>("tensors")?.into_iter().map(entry);
        let tensors = entries.collect::<Result<BTreeMap<String, NdTensor>, _>>()?;
        Ok(save_safetensors(Path::new(&path), &tensors)?)
    })
    .long()
    .about("Writes named tensors as a safetensors file, whole or not at all.")
    .param::<String>("path", "where to")
    .param::<Map>("tensors", "a map of names and tensors")
    .reads_data()
    .example(
        "let f = temporary_folder() + \"/t.safetensors\"; save_safetensors(f, #{ n: arange(2) \
        }); assert(load_safetensors(f).n.dtype == \"int64\")",
    )
}

//! Devices.

use super::super::Environment;
use crate::script::{Function, Topic};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let environment = environment.clone();
    vec![
        Function::new("device", Topic::Tensors, move |call| {
            if let Some(name) = call.get::<Option<String>>("name")? {
                environment.set_device(&name)?;
            }
            Ok(format!("{:?}", environment.device()?))
        })
        .about("Chooses the device of every tensor and model that is made from here on, and gives its name.")
        .param_or::<Option<String>>("name", (), "such as \"cpu\"; see `devices()`. The device stays if it is not given")
        .returns("string")
        .example("device(\"cpu\")"),
        Function::new("devices", Topic::Tensors, |_| {
            let names = auricle_learn::devices().into_iter().map(|(name, _)| name.into()).collect();
            Ok(Dynamic::from_array(names))
        })
        .about("Lists the devices of this build.")
        .returns("array")
        .example("assert(\"cpu\" in devices())"),
    ]
}

//! Devices by name.

use crate::Error;
use burn::tensor::Device;

/// The device of a name: `cpu` (also `flex`) is always there, others where their back end was built in.
///
/// # Errors
/// [`Error::Device`] if this build has no such device.
pub fn device(name: &str) -> Result<Device, Error> {
    match name {
        "cpu" | "flex" => Ok(Device::flex()),
        _ => Err(Error::Device {
            got: name.to_owned(),
            known: devices().into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

/// The devices of this build: name and what it is.
pub fn devices() -> Vec<(String, String)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    vec![("cpu".into(), format!("burn flex, {threads} threads"))]
}

/// Says how many threads tensors on the CPU may use; all processors if `None`. Only the first call of a process counts.
pub fn use_threads(threads: Option<usize>) {
    // The pool is shared by the process. A second call finds it made, which is no error here.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build_global();
}

//! What is put behind a text so that its operators can be called from outside.

use crate::source::{Argument, Body, Source};
use std::fmt::Write;

/// Changes whenever what is put behind a text does: what was built before is built again.
pub(crate) const VERSION: u32 = 2;

/// The names of the file and of what a library gives out.
pub(crate) const FILE: &str = "operator.rs";
pub(crate) const VERSION_SYMBOL: &str = "auricle_operator_version";
pub(crate) const ABOUT_SYMBOL: &str = "auricle_operator_about";
pub(crate) const SAID_SYMBOL: &str = "auricle_operator_said";

/// The symbol of an operator by its index.
pub(crate) fn symbol(index: usize) -> String {
    format!("auricle_operator_{index}")
}

/// What is common to all operators. A panic must not leave the library: it becomes a message.
const COMMON: &str = r#"
#[doc(hidden)]
#[allow(warnings)]
mod auricle_shim {
    #[repr(C)]
    pub struct Call {
        pub samples: *mut f32,
        pub n_samples: usize,
        pub n_bands: usize,
        pub n_frames: usize,
        pub channel: usize,
        pub seed: u64,
        pub parameters: *const f64,
        pub n_parameters: usize,
        pub sample_rate: u32,
    }

    ::std::thread_local! {
        static SAID: ::std::cell::RefCell<::std::string::String> = const { ::std::cell::RefCell::new(::std::string::String::new()) };
    }
    static HOOK: ::std::sync::Once = ::std::sync::Once::new();

    fn listen() {
        HOOK.call_once(|| {
            ::std::panic::set_hook(::std::boxed::Box::new(|info| {
                let payload = info.payload();
                let text = match payload.downcast_ref::<&str>() {
                    Some(text) => (*text).to_owned(),
                    None => payload.downcast_ref::<::std::string::String>().cloned().unwrap_or_default(),
                };
                let place = match info.location() {
                    Some(place) if place.file().ends_with("operator.rs") => ::std::format!("line {}: ", place.line()),
                    _ => ::std::string::String::new(),
                };
                let _ = SAID.try_with(|said| *said.borrow_mut() = place + &text);
            }));
        });
    }

    pub fn guarded(call: *const Call, body: impl FnOnce(&Call, &mut [f32], &[f64])) -> i32 {
        listen();
        let call = unsafe { &*call };
        let samples = match call.n_samples {
            0 => &mut [][..],
            n => unsafe { ::std::slice::from_raw_parts_mut(call.samples, n) },
        };
        let parameters = match call.n_parameters {
            0 => &[][..],
            n => unsafe { ::std::slice::from_raw_parts(call.parameters, n) },
        };
        let done = ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| body(call, samples, parameters)));
        if done.is_ok() {
            return 0;
        }
        1
    }

    /// What the last panic of this thread said.
    pub fn said(message: *mut u8, capacity: usize) -> usize {
        let said = SAID.try_with(|said| said.borrow().clone()).unwrap_or_default();
        let n = said.len().min(capacity);
        unsafe { ::std::ptr::copy_nonoverlapping(said.as_ptr(), message, n) };
        n
    }
}
"#;

/// The text behind a text.
pub(crate) fn shim(source: &Source) -> String {
    let mut out = format!("\n{COMMON}");
    let about = serde_json::to_string(&source.operators).unwrap_or_default();
    let allow = "#[doc(hidden)]\n#[allow(warnings)]\n#[unsafe(no_mangle)]\npub extern \"C\" fn";
    let _ = write!(
        out,
        "{allow} {VERSION_SYMBOL}() -> u32 {{ {VERSION} }}\n\
         {allow} {ABOUT_SYMBOL}(length: *mut usize) -> *const u8 {{\n    const TEXT: &str = {about:?};\n    \
         unsafe {{ *length = TEXT.len() }};\n    TEXT.as_ptr()\n}}\n\
         {allow} {SAID_SYMBOL}(message: *mut u8, capacity: usize) -> usize {{ auricle_shim::said(message, capacity) }}\n"
    );
    for (index, body) in source.bodies.iter().enumerate() {
        let call = match body {
            Body::Function(name, arguments) => {
                let all: Vec<String> = std::iter::once("samples".to_owned())
                    .chain(arguments.iter().map(argument))
                    .collect();
                format!("{name}({})", all.join(", "))
            }
            Body::Type {
                name,
                new,
                by_sample,
            } => {
                let all: Vec<String> = new.iter().map(argument).collect();
                let process = match by_sample {
                    true => "for sample in samples.iter_mut() { *sample = one.process(*sample); }",
                    false => "one.process(samples);",
                };
                format!("let mut one = {name}::new({}); {process}", all.join(", "))
            }
        };
        let _ = write!(
            out,
            "{allow} {}(call: *const auricle_shim::Call) -> i32 {{\n    \
             auricle_shim::guarded(call, |call, samples, parameters| {{ {call} }})\n}}\n",
            symbol(index)
        );
    }
    out
}

fn argument(argument: &Argument) -> String {
    match argument {
        Argument::SampleRate => "call.sample_rate".into(),
        Argument::NBands => "call.n_bands".into(),
        Argument::NFrames => "call.n_frames".into(),
        Argument::Channel => "call.channel".into(),
        Argument::Seed => "call.seed".into(),
        Argument::Parameter(index, number @ ("f32" | "f64")) => {
            format!("parameters[{index}] as {number}")
        }
        Argument::Parameter(index, number) => format!("parameters[{index}].round() as {number}"),
    }
}

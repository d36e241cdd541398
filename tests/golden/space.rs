//! Spaces: convolution with impulse responses.

use super::dsp::{input, verify};
use super::vectors::dsp;

#[test]
fn impulse_responses() {
    verify("impulse_response", |case, p| {
        let path = dsp().join(case["inputs"][1].as_str().unwrap());
        let options = format!(
            "#{{ keep_tail: {}, normalise: {} }}",
            p["keep_tail"], p["normalise"]
        );
        format!(
            "{} |> impulse_response({:?}, {options})",
            input(case, 0),
            path.display().to_string()
        )
    });
}

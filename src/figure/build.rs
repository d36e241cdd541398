//! Packs plotly.js, which the figures of pages are drawn with, for the program to carry.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    // The crate gives script elements: plotly.js, then MathJax, which no figure here needs.
    let elements = plotly::Plot::offline_js_sources();
    let script = elements.split("</script>").next().unwrap_or_default();
    let (_, script) = script
        .split_once('>')
        .ok_or("the crate gives no script element")?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(script.as_bytes())?;
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(
        std::path::Path::new(&out).join("plotly.js.gz"),
        packed.finish()?,
    )?;
    Ok(())
}

//! plotly.js, by which the figures of a page come alive.
//!
//! A figure is its still picture, and a short script that puts it on a list. plotly.js is loaded once a page, by
//! [`library`], whatever comes first: it draws what is on the list, and later figures at once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::OnceLock;

/// plotly.js, packed.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plotly.js.gz"));

/// Unpacks the library, unless the page has it, and draws the figures on the list. A figure may be put into the page only
/// after its script has run, so it is looked for again; the picture stays until the figure is drawn.
const LOADER: &str = r#"(() => {
  if (window.auricleDraw) return;
  const waiting = window.auricleFigures ??= [];
  const heard = (box, live, sounds) => {
    const words = document.createElement("div");
    words.textContent = "Click a point to hear its clip.";
    const player = document.createElement("audio");
    player.controls = true;
    player.style.cssText = "width:100%;max-width:480px;height:36px";
    box.append(words, player);
    live.on("plotly_click", ({ points: [point] }) => {
      const sound = sounds[point.curveNumber]?.[point.pointNumber];
      words.textContent = point.text + (sound ? "" : " (its sound is not on this page)");
      player.pause();
      if (!sound) return player.removeAttribute("src");
      player.src = sound;
      player.play().catch(() => {});
    });
  };
  const place = (id, figure, tries) => {
    const boxes = document.querySelectorAll(`[data-auricle-figure="${id}"]`);
    if (!boxes.length && tries) setTimeout(place, 100, id, figure, tries - 1);
    for (const box of boxes) {
      if (box.auricleLive) continue;
      box.auricleLive = true;
      const still = box.querySelector("img");
      const live = document.createElement("div");
      live.style.cssText = "width:100%;max-width:900px";
      box.prepend(live);
      const options = { responsive: true, displaylogo: false };
      Plotly.newPlot(live, figure.data, figure.layout, options).then(() => {
        still?.remove();
        if (figure.sounds) heard(box, live, figure.sounds);
      });
    }
  };
  const draw = () => waiting.splice(0).forEach(([id, figure]) => place(id, figure, 50));
  const unpacked = async () => {
    const packed = Uint8Array.from(atob("@"), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    const modules = window.define;
    window.define = undefined;
    document.head.append(script);
    window.define = modules;
  };
  window.auricleDraw = () => {};
  Promise.resolve(window.Plotly || unpacked()).then(() => { window.auricleDraw = draw; draw(); });
})()"#;

/// The script element that a page with figures needs once. It reaches for nothing.
pub fn library() -> &'static str {
    static LIBRARY: OnceLock<String> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        format!(
            "<script>{}</script>",
            LOADER.replace('@', &STANDARD.encode(PACKED))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_whole_and_keeps_its_licence() {
        let mut script = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(PACKED), &mut script)
            .unwrap();
        // With MathJax there would be two millions more.
        assert!(
            (3_000_000..5_000_000).contains(&script.len()),
            "{}",
            script.len()
        );
        assert!(script.contains("newPlot") && script.contains("Licensed under the MIT license"));
        // Nothing of it ends the script element that carries it, nor the text that is its packed form.
        let carried = library()
            .strip_prefix("<script>")
            .unwrap()
            .strip_suffix("</script>")
            .unwrap();
        assert!(
            !carried.contains("</") && carried.len() < 2_200_000,
            "{}",
            carried.len()
        );
    }
}

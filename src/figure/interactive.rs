//! Figures that come alive where scripts run and plotly.js is at hand, and are pictures elsewhere.

use crate::{Content, Figure, LIVE, drawing_image};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

impl Figure {
    /// The figure for a page: its still picture, and a short script that puts it on the list `auricleFigures`, from which
    /// whatever brings plotly.js to the page draws it. Points that have a sound play it when they are clicked.
    pub fn to_html(&self) -> String {
        // `</` would end the script element wherever it stands, also inside a string.
        let mut json = self.to_plotly();
        if let Content::Points(points) = &self.content
            && points.has_sounds()
        {
            let of_clouds = points.clouds.iter().map(|cloud| &cloud.sounds);
            json["sounds"] = json!(
                of_clouds
                    .map(|own| own.iter().map(|s| s.as_deref()).collect())
                    .collect::<Vec<Vec<_>>>()
            );
        }
        let json = json.to_string().replace("</", "<\\/");
        let id = format!("{:016x}", xxh3_64(json.as_bytes()));
        let still = drawing_image(&self.title, &self.to_drawing());
        format!(
            "<div {LIVE}\"{id}\">{still}</div>\
             <script>(window.auricleFigures??=[]).push([\"{id}\",{json}]);window.auricleDraw?.()</script>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_small_and_shows_something_without_scripts() {
        let html = Figure::lines("a <b>", "c", &[("d</script>", &[1.0, 0.5])]).to_html();
        let (still, script) = html.split_once("<script>").unwrap();
        assert!(still.contains("<img alt=\"a &lt;b&gt;\" src=\"data:image/svg+xml;base64,"));
        assert_eq!(script.matches("</script>").count(), 1);
        assert!(html.len() < 20_000, "{}", html.len());
    }
}

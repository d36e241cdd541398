//! Pairs to be heard and rated: a page that needs nothing but a browser.

use super::super::Environment;
use super::super::audio::wav_url;
use super::synthesizer::{seed, units, with_units};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_audio::io::write_whole;
use auricle_audio::{Rng, Waveform};
use auricle_synth::{Perturbation, Playback, Synth};
use rhai::{Array, Dynamic};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// A pair of a sheet.
struct Rated {
    synth: String,
    delta: f64,
    index: usize,
    sounds: [Waveform; 2],
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let of_synth = |call: &Call<'_>| {
        let synth = call.receiver::<Synth>()?;
        Ok(vec![("synthesizer".to_owned(), synth)])
    };
    #[cfg_attr(
        not(feature = "learn"),
        expect(unused_mut, reason = "pairs come with it")
    )]
    let mut all = vec![
        sheet(environment, of_synth)
            .on::<Synth>()
            .example(example("voice(form)")),
    ];
    #[cfg(feature = "learn")]
    {
        use auricle_learn::feed::Pairs;
        let of_pairs = |call: &Call<'_>| Ok(call.receiver::<Pairs>()?.synths);
        all.push(
            sheet(environment, of_pairs)
                .on::<Pairs>()
                .example(example("voice(form).pairs()")),
        );
    }
    all
}

fn example(pairs: &str) -> String {
    format!(
        "let form = #{{ seconds: 0.1, sample_rate: 8000, control_rate: 100 }}; \
         {pairs}.sheet(temporary_folder() + \"/x.html\", #{{ deltas: [0.05, 0.25], n: 2, seed: 1 }})"
    )
}

fn sheet(
    environment: &Arc<Environment>,
    synths: impl Fn(&Call<'_>) -> Result<Vec<(String, Synth)>, ScriptError> + Send + Sync + 'static,
) -> Function {
    let environment = environment.clone();
    let deltas = [0.05, 0.1, 0.25, 0.5].map(Dynamic::from);
    let function = Function::new("sheet", Topic::Synthesis, move |call| {
        let path = call.get::<String>("path")?;
        let path = Path::new(&path);
        if path.extension().is_none_or(|ending| ending != "html") {
            return Err(call.wrong("path", "a name that ends in `.html`"));
        }
        let seed = seed(call, &environment)?;
        let mut pairs = Vec::new();
        for delta in call.get::<Vec<f64>>("deltas")? {
            for (name, synth) in synths(call)? {
                let by = Perturbation::All(delta);
                let n = call.get::<usize>("n")?;
                let (a, b) = synth.doppelgangers(n, &by, seed, 0, units(call)?)?;
                let a = synth.waves(&a, &Playback::default())?;
                let b = synth.waves(&b, &Playback::default())?;
                for (index, (a, b)) in a.into_iter().zip(b).enumerate() {
                    pairs.push(Rated {
                        synth: name.clone(),
                        delta,
                        index,
                        sounds: [a, b],
                    });
                }
            }
        }
        if pairs.is_empty() {
            return Err(call.wrong("deltas", "at least one number, with `n` of at least 1"));
        }
        // Whoever rates is not to know how far a pair is apart.
        Rng::from_words(&[seed, SHUFFLE]).shuffle(&mut pairs);
        Ok(write_whole(path, page(&pairs)?.as_bytes())?)
    })
    .long()
    .about(
        "Writes a page of pairs to be rated by ear: how alike are two perturbations of one patch? The ratings are saved as CSV \
         by the browser; the page needs no other file and no network.",
    )
    .note("pairs stand in random order, and how far they are apart is only in the CSV: rater, place, synthesizer, delta, index, rating")
    .param::<String>("path", "the page; ends in `.html`")
    .option::<Array>("deltas", Dynamic::from_array(deltas.to_vec()), "standard deviations of the perturbations, raw units")
    .option::<usize>("n", 4_i64, "pairs of each")
    .option::<Option<u64>>("seed", (), "seed of the patches and of the order; the session's if not given")
    .reads_data();
    with_units(function)
}

const SHUFFLE: u64 = 0x5EE7;

/// What ratings mean.
const SCALE: [&str; 5] = [
    "unrelated",
    "hardly alike",
    "somewhat alike",
    "much alike",
    "the same",
];

fn page(pairs: &[Rated]) -> Result<String, ScriptError> {
    let mut body = String::new();
    for (place, pair) in pairs.iter().enumerate() {
        let peak = pair.sounds.iter().map(Waveform::peak).fold(1.0, f64::max);
        let _ = write!(
            body,
            "<section data-synth=\"{}\" data-delta=\"{}\" data-index=\"{}\"><h2>Pair {} of {}</h2>",
            crate::script::escape(&pair.synth),
            pair.delta,
            pair.index,
            place + 1,
            pairs.len()
        );
        for sound in &pair.sounds {
            let url = wav_url(sound, 1.0 / peak)?;
            let _ = write!(
                body,
                "<audio controls preload=\"none\" src=\"{url}\"></audio> "
            );
        }
        body.push_str("<fieldset><legend>How alike are they?</legend>");
        for (rating, word) in SCALE.iter().enumerate() {
            let rating = rating + 1;
            let _ = write!(
                body,
                "<label><input type=\"radio\" name=\"pair{place}\" value=\"{rating}\"> {rating} {word}</label> "
            );
        }
        body.push_str("</fieldset></section>\n");
    }
    Ok(format!("{HEAD}{body}{TAIL}"))
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Pairs to be rated</title>
<style>
body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color-scheme: light dark; }
h2 { font-size: 1em; } section { border-top: 1px solid #999; } fieldset { border: 0; padding: 0.5em 0; }
label { margin-right: 1em; white-space: nowrap; } audio { vertical-align: middle; }
footer { position: sticky; bottom: 0; background: Canvas; border-top: 2px solid #999; padding: 1em 0; }
</style></head><body>
<h1>Pairs to be rated</h1>
<p>Listen to both sounds of a pair and say how alike they are. Save the ratings at the end.</p>
"#;

const TAIL: &str = r#"<footer><label>Your name <input id="rater"></label>
<button id="save">Save as CSV</button> <span id="done"></span></footer>
<script>
const sections = [...document.querySelectorAll("section")];
const rating = (section) => section.querySelector("input:checked")?.value ?? "";
const quoted = (text) => '"' + text.replaceAll('"', '""') + '"';
function csv() {
  const rows = sections.map((section, place) => {
    const { synth, delta, index } = section.dataset;
    return [quoted(document.getElementById("rater").value), place + 1, quoted(synth), delta, index, rating(section)].join(",");
  });
  return ["rater,place,synthesizer,delta,index,rating", ...rows].join("\n") + "\n";
}
function count() {
  const n = sections.filter((section) => rating(section) !== "").length;
  document.getElementById("done").textContent = n + " of " + sections.length + " rated";
}
document.addEventListener("change", count);
document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = "ratings.csv";
  link.click();
});
count();
</script></body></html>
"#;

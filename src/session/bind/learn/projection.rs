//! Maps of embeddings, whose points play their clips.

use super::super::Environment;
use super::super::audio::wav_url;
use super::embeddings::{Embeddings, clips_csv};
use super::figure::{COLUMNS, saved};
use super::given::matrix;
use super::label::label;
use crate::script::{Call, Function, Parts, Picture, ScriptError, ScriptValue, Topic};
use auricle_audio::dataset::{Clip, Dataset, Source};
use auricle_audio::dsp::resample;
use auricle_audio::io::write_whole;
use auricle_figure::{Cloud, Content, Figure, Points};
use auricle_learn::eval::{
    Matrix, Projection, Projector, TsneOptions, UmapOptions, normalized, project, trustworthiness,
};
use rhai::Dynamic;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A map, and its figure.
pub(super) struct Map {
    projection: Projection,
    figure: Figure,
    /// The clips, where what is mapped is of clips.
    data: Option<Dataset>,
    /// What is said of colours and sounds.
    remarks: Vec<String>,
}

impl ScriptValue for Arc<Map> {
    const NAME: &'static str = "map of embeddings";

    fn text(&self) -> String {
        let mut lines = vec![self.facts()];
        lines.extend(self.remarks.iter().map(|remark| format!("  {remark}")));
        lines.join("\n")
    }

    fn parts(&self) -> Parts {
        self.figure.parts()
    }

    fn picture(&self) -> Option<Picture> {
        self.figure.to_rows(COLUMNS).map(Picture::Rows)
    }

    fn html(&self) -> Option<String> {
        ScriptValue::html(&self.figure)
    }

    fn same(&self, other: &Arc<Map>) -> Option<bool> {
        Some(self.projection == other.projection && self.figure == other.figure)
    }
}

impl Map {
    /// What stands above the figure, which is not wide.
    fn title(&self) -> String {
        let n = self.projection.points.len();
        let method = self.projection.told.split(',').next().unwrap_or_default();
        let trust = self.projection.trustworthiness;
        let trust = trust.map(|(value, _)| format!(", trustworthiness {value:.3}"));
        format!("{n} clips by {method}{}", trust.unwrap_or_default())
    }

    fn facts(&self) -> String {
        let n = self.projection.points.len();
        let mut text = format!("map of {n} clips, {}", self.projection.told);
        if let Some((value, k)) = self.projection.trustworthiness {
            text += &format!(", trustworthiness {value:.3} ({k} neighbours)");
        }
        text
    }
}

/// Sounds on a page, together, and of each the first so many seconds at no more than this rate: enough to recognize a clip.
const MOST_BYTES: usize = 16 << 20;
const LONGEST_S: f64 = 5.0;
const RATE_HZ: u32 = 16_000;

/// Colours that can be told apart; what is rarer shares one.
const MOST_COLORS: usize = 40;

/// Parts into which numbers to predict are coloured.
const PARTS: usize = 5;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![map(environment), trust(environment), plot(), save()];
    all.extend(properties());
    all
}

const EMBEDDED: &str = "let clips = []; for i in 0..12 { clips.push(#{ wave: tone(200 + 50 * i, 0.2), label: i % 2 }) } \
     let e = resnet18(#{ width: 4 }).embed(dataset(clips));";

fn map(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("project", Topic::Judging, move |call| {
        let of_clips = call.raw("e").try_cast::<Arc<Embeddings>>();
        let rows = matrix(call, "e")?;
        let rows = match call.chosen("metric", &IS_COSINE)? {
            true => normalized(&rows),
            false => rows,
        };
        let projector = projector(call)?;
        let seed = call.get::<Option<u64>>("seed")?;
        let seed = seed.unwrap_or_else(|| environment.seed());
        let workers = environment.workers()?;
        let stop = environment.token.stop();
        let stop = || stop.is_asked();
        let projection = project(&rows, projector, seed, &workers, &stop)?;
        let data = of_clips.map(|own| own.data().clone());
        let mut remarks = Vec::new();
        let (sounds, color) = (call.get::<usize>("sounds")?, call.get::<String>("color")?);
        let n = projection.points.len();
        let heard = match &data {
            Some(data) if sounds > 0 => {
                let waves = |index| Ok(short(data, index)?);
                let chosen: Vec<usize> = spread(n, sounds);
                let made = workers.map(chosen.len(), &stop, |at| waves(chosen[at]))?;
                let heard = within(n, chosen.into_iter().zip(made).collect());
                remarks.push(told(&heard));
                heard
            }
            _ => vec![None; n],
        };
        let clouds = clouds(call, &projection, data.as_ref(), &color, &heard)?;
        if clouds.len() > 1 {
            remarks.push(format!("colored by {color}: {} values", clouds.len()));
        }
        let [x_title, y_title] = projection.axes.clone();
        let mut map = Map {
            figure: Figure {
                title: String::new(),
                content: Content::Points(Points {
                    x_title,
                    y_title,
                    clouds,
                }),
            },
            projection,
            data,
            remarks,
        };
        map.figure.title = map.title();
        Ok(Dynamic::from(Arc::new(map)))
    })
    .long()
    .about("Maps embeddings in two dimensions, so that clips that are near to each other stand near to each other; a point plays its clip.")
    .note(
        "\"pca\": principal components; \"tsne\": van der Maaten and Hinton, 2008, repulsion between all pairs, settings as scikit-learn's; \
         \"umap\": McInnes, Healy and Melville, 2018, settings as umap-learn's, from a start along the principal components",
    )
    .note(
        "distances between clouds of t-SNE and UMAP mean little; the trustworthiness (Venna and Kaski, 2001) says how far neighbours \
         on the map are neighbours indeed",
    )
    .note("t-SNE and UMAP compare all pairs of at most 20,000 clips; a seed gives the same map on any number of threads")
    .note(
        "in a notebook and on a saved page a click on a point plays the first 5 s of its clip, at 16 kHz at most; all sounds together \
         take 16 MiB at most, and the map says how many points have none",
    )
    .param::<Dynamic>("e", "embeddings, or a tensor or an array of rows, which have neither labels nor sounds")
    .option::<String>("method", "tsne", "\"pca\", \"tsne\" or \"umap\"")
    .words("method", &METHODS.map(|(word, _)| word))
    .option::<Option<f64>>(
        "perplexity",
        (),
        "effective number of neighbours of t-SNE, above 1; 30, or a third of the clips where they are few, if not given",
    )
    .option::<usize>("neighbours", 15, "clips in a neighbourhood of UMAP, with the clip itself, at least 2")
    .option::<f64>("min_dist", 0.1, "how close the nearest stand on a map of UMAP, 0 to 1")
    .option::<String>("metric", "euclidean", "\"euclidean\", or \"cosine\": rows are scaled to length 1 first")
    .words("metric", &IS_COSINE.map(|(word, _)| word))
    .option::<String>("color", "label", "what colors the points: \"label\", or a column of the dataset, such as \"speaker\"")
    .option::<usize>("sounds", 300, "points that play their clip, spread over all clips; 0 for none")
    .option::<Option<u64>>("seed", (), "seed of t-SNE and UMAP; the session's if not given")
    .returns("map")
    .reads_data()
    .example(format!(
        "{EMBEDDED} let p = project(e, #{{ method: \"pca\" }}); assert(p.points.len() == 12); print(p)"
    ))
}

/// How distances are taken.
const IS_COSINE: [(&str, bool); 2] = [("euclidean", false), ("cosine", true)];

/// What makes a map.
#[derive(Clone, Copy)]
enum By {
    Pca,
    Tsne,
    Umap,
}

const METHODS: [(&str, By); 3] = [("pca", By::Pca), ("tsne", By::Tsne), ("umap", By::Umap)];

fn projector(call: &Call<'_>) -> Result<Projector, ScriptError> {
    let perplexity = call.get("perplexity")?;
    let (neighbours, min_dist) = (call.get("neighbours")?, call.get("min_dist")?);
    Ok(match call.chosen("method", &METHODS)? {
        By::Pca => Projector::Pca,
        By::Tsne => Projector::Tsne(TsneOptions { perplexity }),
        By::Umap => Projector::Umap(UmapOptions {
            neighbours,
            min_dist,
        }),
    })
}

/// At most so many of `0..n`, evenly spread.
fn spread(n: usize, most: usize) -> Vec<usize> {
    let m = most.min(n);
    (0..m).map(|at| at * n / m).collect()
}

/// The address of a clip's sound, made small.
fn short(data: &Dataset, index: usize) -> Result<Arc<str>, auricle_audio::Error> {
    let wave = data.wave(index)?.to_mono();
    let wave = match wave.duration_s() > LONGEST_S {
        true => wave.slice(0.0, LONGEST_S)?,
        false => wave,
    };
    let wave = match wave.sample_rate() > RATE_HZ {
        true => resample(&wave, RATE_HZ)?,
        false => wave,
    };
    Ok(wav_url(&wave, 1.0 / wave.peak().max(1.0))?.into())
}

/// What all points have of some sounds, of which so many are left out, evenly, that the rest is not too large.
fn within(n: usize, sounds: Vec<(usize, Arc<str>)>) -> Vec<Option<Arc<str>>> {
    let bytes: usize = sounds.iter().map(|(_, sound)| sound.len()).sum();
    let mut kept = match bytes > MOST_BYTES {
        true => spread(
            sounds.len(),
            (sounds.len() as f64 * MOST_BYTES as f64 / bytes as f64) as usize,
        ),
        false => (0..sounds.len()).collect(),
    };
    // Clips differ in length: the even share may still be too much.
    let size = |kept: &[usize]| kept.iter().map(|&at| sounds[at].1.len()).sum::<usize>();
    while size(&kept) > MOST_BYTES {
        kept.pop();
    }
    let mut all = vec![None; n];
    for at in kept {
        let (index, sound) = &sounds[at];
        all[*index] = Some(sound.clone());
    }
    all
}

/// How many points can be heard.
fn told(heard: &[Option<Arc<str>>]) -> String {
    let (n, all) = (heard.iter().flatten().count(), heard.len());
    match n == all {
        true => "every point plays its clip".to_owned(),
        false => format!(
            "{n} of {all} points play their clip (`sounds` is how many may; all together {} MiB at most)",
            MOST_BYTES >> 20
        ),
    }
}

/// Points by colour.
fn clouds(
    call: &Call<'_>,
    projection: &Projection,
    data: Option<&Dataset>,
    color: &str,
    heard: &[Option<Arc<str>>],
) -> Result<Vec<Cloud>, ScriptError> {
    let n = projection.points.len();
    let Some(data) = data else {
        let texts = (0..n).map(|index| format!("row {index}")).collect();
        return Ok(vec![Cloud {
            name: "rows".to_owned(),
            points: projection.points.clone(),
            texts,
            sounds: Vec::new(),
        }]);
    };
    let values = colors(call, data, color)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &values {
        *counts.entry(value).or_default() += 1;
    }
    let mut names: Vec<&str> = counts.keys().copied().collect();
    if names.len() > MOST_COLORS {
        names.sort_by_key(|name| (std::cmp::Reverse(counts[name]), *name));
        names.truncate(MOST_COLORS - 1);
    }
    // Classes stand in their own order, everything else in that of the alphabet, what is not known last.
    let place = |name: &str| data.classes().iter().position(|class| class == name);
    names.sort_by_key(|name| (*name == UNKNOWN, place(name).unwrap_or(usize::MAX), *name));
    let mut clouds: Vec<Cloud> = names
        .iter()
        .map(|name| Cloud {
            name: (*name).to_owned(),
            ..Cloud::default()
        })
        .collect();
    if names.len() < counts.len() {
        clouds.push(Cloud {
            name: format!("{} others", counts.len() - names.len()),
            ..Cloud::default()
        });
    }
    for index in 0..n {
        let at = names.iter().position(|name| *name == values[index]);
        let cloud = &mut clouds[at.unwrap_or(names.len())];
        cloud.points.push(projection.points[index]);
        cloud.texts.push(said(data, index));
        cloud.sounds.push(heard[index].clone());
    }
    Ok(clouds)
}

const UNKNOWN: &str = "not known";

/// What colours each clip.
fn colors(call: &Call<'_>, data: &Dataset, color: &str) -> Result<Vec<String>, ScriptError> {
    let clips = data.clips();
    let is_column = clips.iter().any(|clip| clip.column(color).is_some());
    if !is_column && color != "label" {
        let columns = data.column_names();
        let words = columns.iter().map(|name| format!(", \"{name}\""));
        let wanted = format!(
            "\"label\" or a column of the clips: \"label\"{}",
            words.collect::<String>()
        );
        return Err(call.wrong("color", &wanted));
    }
    if is_column && color != "label" {
        let cell = |clip: &Clip| clip.column(color).unwrap_or(UNKNOWN).to_owned();
        return Ok(clips.iter().map(cell).collect());
    }
    let mut numbers: Vec<f64> = clips.iter().filter_map(|clip| clip.target).collect();
    numbers.sort_by(f64::total_cmp);
    // Parts of equal numbers of clips, in order of their names, which begin with their place.
    let part = |x: f64| {
        let below = numbers.partition_point(|other| *other < x);
        let at = (below * PARTS / numbers.len()).min(PARTS - 1);
        let bound = |part: usize| numbers[(part * numbers.len() / PARTS).min(numbers.len() - 1)];
        format!("{}: from {:.4}", at + 1, bound(at))
    };
    let value = |clip: &Clip| match (label(data, clip), clip.target) {
        (_, Some(number)) if clip.label.is_none() && clip.labels.is_none() => part(number),
        (none, _) if none.is_unit() => UNKNOWN.to_owned(),
        (several, _) if several.is_array() => joined(several),
        (one, _) => one.to_string(),
    };
    Ok(clips.iter().map(value).collect())
}

fn joined(several: Dynamic) -> String {
    let several = several.into_array().unwrap_or_default();
    match several.is_empty() {
        true => "no class".to_owned(),
        false => several
            .iter()
            .map(Dynamic::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// What is said of a clip where it is pointed at: its file or number, what is to be predicted, its groups.
fn said(data: &Dataset, index: usize) -> String {
    let clip = &data.clips()[index];
    let mut text = match &clip.source {
        Source::File(path) => path.file_name().map_or_else(
            || format!("clip {}", clip.id),
            |name| name.to_string_lossy().into_owned(),
        ),
        Source::Wave(_) => format!("clip {}", clip.id),
    };
    match label(data, clip) {
        none if none.is_unit() => {}
        several if several.is_array() => text += &format!(": {}", joined(several)),
        one => text += &format!(": {one}"),
    }
    for column in data.groups() {
        if let Some(cell) = clip.column(column) {
            text += &format!(", {column} {cell}");
        }
    }
    text
}

fn properties() -> Vec<Function> {
    vec![
        Function::property::<Arc<Map>, _>("points", Topic::Judging, |map| {
            let point = |[x, y]: &[f64; 2]| Dynamic::from_array(vec![(*x).into(), (*y).into()]);
            Ok(Dynamic::from_array(map.projection.points.iter().map(point).collect()))
        })
        .about("The place of each clip, `[x, y]`, in order.")
        .example(format!("{EMBEDDED} assert(project(e, #{{ method: \"umap\" }}).points[0].len() == 2)")),
        Function::property::<Arc<Map>, _>("trustworthiness", Topic::Judging, |map| {
            Ok(map.projection.trustworthiness.map_or(Dynamic::UNIT, |(value, _)| value.into()))
        })
        .about("How far neighbours on the map are neighbours indeed, 1 at best; nothing beyond 20,000 clips.")
        .example(format!("{EMBEDDED} assert(project(e).trustworthiness > 0.5)")),
    ]
}

fn trust(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("trustworthiness", Topic::Judging, move |call| {
        let rows = matrix(call, "rows")?;
        let points = match call.raw("points").try_cast::<Arc<Map>>() {
            Some(map) => map.projection.points.clone(),
            None => {
                let points = matrix(call, "points")?;
                if points.columns != 2 {
                    return Err(call.wrong("points", "a map, or rows of two numbers"));
                }
                (0..points.rows())
                    .map(|index| [points.row(index)[0], points.row(index)[1]])
                    .collect()
            }
        };
        let stop = environment.token.stop();
        let workers = environment.workers()?;
        let k = call.get("neighbours")?;
        Ok(trustworthiness(&rows, &points, k, &workers, &|| stop.is_asked())?)
    })
    .long()
    .about("Says how far neighbours on a map are neighbours indeed: 1 if nobody became a neighbour who was none.")
    .note("source: Venna and Kaski, 2001, eq. 1; as `sklearn.manifold.trustworthiness`")
    .param::<Dynamic>("rows", "what was mapped: embeddings, a tensor [clips, features] or an array of rows")
    .param::<Dynamic>("points", "the map, or its places as rows of two numbers")
    .option::<usize>("neighbours", 5, "neighbours that are looked at, at least 1, below half of the clips")
    .returns("number")
    .example("assert(trustworthiness([[0, 1], [1, 1], [2, 1], [3, 1]], [[0, 0], [1, 0], [2, 0], [3, 0]], #{ neighbours: 1 }) == 1)")
}

fn plot() -> Function {
    Function::new("plot", Topic::Judging, |call| {
        Ok(Dynamic::from(call.receiver::<Arc<Map>>()?.figure.clone()))
    })
    .on::<Arc<Map>>()
    .about("Gives the map as a figure, for pages and grids.")
    .returns("figure")
    .example(format!("{EMBEDDED} project(e).plot()"))
}

fn save() -> Function {
    Function::new("save", Topic::Judging, |call| {
        let (map, path) = (call.receiver::<Arc<Map>>()?, call.get::<String>("path")?);
        let path = Path::new(&path);
        let file = match (path.extension().and_then(|ending| ending.to_str()), &map.data) {
            (Some("csv"), data) => csv(&map.projection, data.as_ref()).into_bytes(),
            _ => saved(&map.figure, path).ok_or_else(|| {
                let wanted = "a name that ends in `.html`, `.csv`, `.png`, `.svg` or `.json`";
                call.wrong("path", wanted)
            })?,
        };
        Ok(write_whole(path, &file)?)
    })
    .on::<Arc<Map>>()
    .about("Saves the map: a page whose points play their clips and that needs no network, a table of places, a picture, or plotly's JSON.")
    .param::<String>("path", "where to; ends in `.html`, `.csv`, `.png`, `.svg` or `.json`")
    .reads_data()
    .example(format!(
        "{EMBEDDED} let f = temporary_folder() + \"/map\"; let p = project(e); p.save(f + \".html\"); p.save(f + \".csv\")"
    ))
}

/// A line a clip: its number, label and columns, and its place.
fn csv(projection: &Projection, data: Option<&Dataset>) -> String {
    let points = Matrix {
        columns: 2,
        values: projection.points.concat(),
    };
    if let Some(data) = data {
        return clips_csv(data, &points, &["x".to_owned(), "y".to_owned()]);
    }
    let line = |(index, [x, y]): (usize, &[f64; 2])| format!("{index},{x},{y}\n");
    let lines: String = projection.points.iter().enumerate().map(line).collect();
    format!("row,x,y\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_spread_and_never_too_large() {
        assert_eq!(spread(10, 4), [0, 2, 5, 7]);
        assert_eq!(spread(3, 300), [0, 1, 2]);
        let sound: Arc<str> = "x".repeat(MOST_BYTES / 8).into();
        let sounds: Vec<(usize, Arc<str>)> = (0..16).map(|at| (at, sound.clone())).collect();
        let heard = within(20, sounds.clone());
        assert_eq!((heard.len(), heard.iter().flatten().count()), (20, 8));
        assert!(heard[0].is_some() && heard[14].is_some() && heard[1].is_none());
        assert!(told(&heard).starts_with("8 of 20 points"));
        let few = within(8, sounds[..8].to_vec());
        assert_eq!(told(&few), "every point plays its clip");
    }
}

//! Datasets as tables for a notebook.

use crate::script::{escape, table};
use auricle_audio::dataset::{Dataset, Description, Source, Split};
use auricle_audio::io;

/// Clips that a table shows: the first ones.
const SHOWN: usize = 8;

/// What the dataset holds, and its first clips.
pub(super) fn dataset(data: &Dataset) -> String {
    let shown = &data.clips()[..data.len().min(SHOWN)];
    let has_folds = shown.iter().any(|clip| clip.fold.is_some());
    let columns: Vec<&str> = shown.first().map_or(Vec::new(), |clip| {
        clip.columns.iter().map(|(name, _)| name.as_ref()).collect()
    });
    let mut head = vec!["", "label"];
    head.extend(has_folds.then_some("fold"));
    head.extend(columns.iter().copied());
    head.extend(["s", "file"]);
    let rows = shown.iter().enumerate().map(|(index, clip)| {
        let mut row = vec![
            index.to_string(),
            clip.label
                .map_or(String::new(), |label| data.classes()[label].clone()),
        ];
        row.extend(has_folds.then(|| clip.fold.map_or(String::new(), |fold| fold.to_string())));
        row.extend(
            columns
                .iter()
                .map(|name| clip.column(name).unwrap_or("").to_owned()),
        );
        row.push(seconds(&clip.source).map_or(String::new(), |seconds| format!("{seconds:.2}")));
        row.push(match &clip.source {
            Source::File(path) => path.display().to_string(),
            Source::Wave(_) => "in memory".to_owned(),
        });
        row
    });
    let more = match data.len() - shown.len() {
        0 => String::new(),
        n => format!("<p>… and {n} more clips</p>"),
    };
    format!(
        "<p>{}</p>{}{more}",
        escape(&format!("{data:?}")),
        table(&head, rows)
    )
}

/// What a file's head, or the sound itself, says of its duration. Eight heads are read in no time; no file is decoded.
fn seconds(source: &Source) -> Option<f64> {
    match source {
        Source::Wave(wave) => Some(wave.duration_s()),
        Source::File(path) => {
            let head = io::read_header(path).ok()?;
            Some(head.n_samples? as f64 / f64::from(head.sample_rate))
        }
    }
}

/// Clips of every class, in each part.
pub(super) fn split(split: &Split) -> String {
    let parts = [&split.train, &split.validation, &split.test];
    let count = |data: &Dataset, class: usize| {
        data.clips()
            .iter()
            .filter(|clip| clip.label == Some(class))
            .count()
    };
    let all = std::iter::once(
        std::iter::once("all".to_owned())
            .chain(parts.map(|part| part.len().to_string()))
            .collect(),
    );
    let classes = split
        .train
        .classes()
        .iter()
        .enumerate()
        .map(|(class, name)| {
            std::iter::once(name.clone())
                .chain(parts.map(|part| count(part, class).to_string()))
                .collect()
        });
    let rows: Vec<Vec<String>> = all.chain(classes).collect();
    format!(
        "<p>{}</p>{}",
        escape(&split.rule),
        table(&["", "train", "validation", "test"], rows)
    )
}

/// The facts, and the clips of every class.
pub(super) fn description(description: &Description) -> String {
    let text = description.to_string();
    let facts: Vec<&str> = text
        .lines()
        .take(if description.durations_s.is_some() {
            2
        } else {
            1
        })
        .collect();
    let classes = description
        .classes
        .iter()
        .map(|(name, count)| vec![name.clone(), count.to_string()]);
    format!(
        "<p>{}</p>{}",
        escape(&facts.join("; ")),
        table(&["class", "clips"], classes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_audio::Waveform;
    use auricle_audio::dataset::{Clip, Form};

    fn data(n: usize) -> Dataset {
        let wave = Waveform::mono(vec![0.0; 150], 100).unwrap();
        let clips = (0..n)
            .map(|i| Clip::new(Source::Wave(wave.clone()), Some(i % 2)))
            .collect();
        Dataset::new(
            "birds & bees",
            clips,
            vec!["a".into(), "<b>".into()],
            Form::default(),
            None,
        )
        .unwrap()
    }

    #[test]
    fn the_first_clips_are_rows() {
        let html = dataset(&data(10));
        assert_eq!(html.matches("<tr>").count(), 1 + SHOWN);
        assert!(
            html.contains("<td>1</td><td>&lt;b&gt;</td><td>1.50</td><td>in memory</td>"),
            "{html}"
        );
        assert!(
            html.contains("birds &amp; bees") && html.contains("and 2 more clips"),
            "{html}"
        );
    }

    #[test]
    fn classes_are_counted() {
        let html = description(&data(5).describe());
        assert!(
            html.contains("<td>a</td><td>3</td>") && html.contains("<td>&lt;b&gt;</td><td>2</td>"),
            "{html}"
        );
        assert!(html.contains("100 Hz, 1.50 to 1.50 s"), "{html}");
    }
}

//! The page of a stage: what it does to a sound, seen and heard, and everything that is declared of it.

use super::settings::{groups, required, unit};
use super::sound::{Input, Sounds};
use super::{layout, output};
use crate::script::{
    Function, ScriptError, Silent, data_url, default_cell, escape, example, prose,
};
use crate::{Session, Settings};
use auricle_audio::augment::{
    Accepts, Declaration, Domain, FUNCTION, Kind, Parameter, Recipe, Stage, Trace, Value,
    Workspace, catalogue,
};
use auricle_audio::io::{FlacFormat, write_flac};
use auricle_audio::plot::{Content, Scale, features_card, map_image, wave_card};
use auricle_audio::{Error, Key, Waveform};
use auricle_native::compiler_is_there;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

/// A page, and what the index shows of it.
pub(super) struct Page {
    pub(super) html: String,
    pub(super) card: Card,
}

/// A stage in the index.
pub(super) struct Card {
    pub(super) declaration: &'static Declaration,
    /// The address of a picture of what it makes of a sound.
    pub(super) picture: String,
}

/// What a stage made of a sound with some settings.
struct Made {
    /// What was set, as it is written; empty for the sound as it was.
    title: String,
    /// What was drawn, or what else there is to say.
    facts: String,
    content: Content,
}

/// Columns and rows of a picture in the index.
const CARD_CELLS: [usize; 2] = [180, 60];

/// Where the page of a stage stands.
pub(super) fn path(declaration: &Declaration) -> String {
    format!("stages/{}.html", declaration.name)
}

/// Whether a function has a page of its own as a stage.
pub(super) fn is_stage(function: &Function) -> bool {
    function.receiver_name().is_none()
        && function.is_called()
        && catalogue()
            .iter()
            .any(|declaration| declaration.name == function.name())
}

/// Makes the page of a stage, and writes its sounds.
///
/// # Errors
/// A sound that cannot be written, a stage that cannot be made or run with its defaults.
pub(super) fn page(
    declaration: &'static Declaration,
    sounds: &Sounds,
    folder: &Path,
    settings: &Settings,
) -> Result<Page, ScriptError> {
    let mut session = Session::new(settings.clone(), Arc::new(Silent))?;
    let Input { name, content } = sounds.of(declaration);
    let before = Made {
        title: "before".into(),
        facts: name.to_owned(),
        content,
    };
    let given = given(declaration, sounds, &mut session)?;
    let hidden = sounds.recordings();
    let run = |title: Option<String>, more: Option<(String, Value)>| {
        let values = given
            .iter()
            .filter(|(name, _)| more.as_ref().is_none_or(|(varied, _)| varied != name))
            .cloned();
        let stage = Stage::new(declaration, values.chain(more.clone()))?;
        let recipe = Recipe::from(stage);
        let written = recipe.to_string().replace(&hidden, "recordings");
        made(&recipe, title.unwrap_or(written), &before.content)
    };
    let after = match run(None, None) {
        Err(_) if declaration.name == RUST_OP && !compiler_is_there() => Made {
            title: "a Rust compiler is needed to show it".into(),
            facts: String::new(),
            content: before.content.clone(),
        },
        made => made?,
    };
    let mut compared = Vec::new();
    for group in groups(declaration) {
        let name = group.parameter.name;
        let results: Vec<Made> = group
            .values
            .iter()
            .filter_map(|value| {
                let title = format!("{name}: {value}");
                // Some settings exclude what is given, or do not fit the sound: the others are shown.
                run(Some(title), Some((name.to_owned(), value.clone()))).ok()
            })
            .collect();
        if results.len() > 1 {
            compared.push((group.parameter, results));
        }
    }
    let shown = shown(declaration, folder, &before, &after, &compared)?;
    let picture = map_image(&after.content, CARD_CELLS)
        .map(|file| data_url("image/png", file))
        .unwrap_or_default();
    let html = html(
        declaration,
        &shown,
        &output::of_example(declaration.example, settings),
    );
    let card = Card {
        declaration,
        picture,
    };
    Ok(Page { html, card })
}

/// What a stage cannot be made without.
fn given(
    declaration: &'static Declaration,
    sounds: &Sounds,
    session: &mut Session,
) -> Result<Vec<(String, Value)>, ScriptError> {
    let mut given = Vec::new();
    for parameter in declaration.parameters {
        let is_required = parameter.default_value().is_none();
        let value = match parameter.kind {
            _ if !is_required => continue,
            Kind::Paths { .. } => Some(Value::Word(sounds.recordings())),
            kind if kind == FUNCTION => function(declaration, session)?,
            Kind::Text => expression(declaration),
            _ => required(parameter),
        };
        given.extend(value.map(|value| (parameter.name.to_owned(), value)));
    }
    Ok(given)
}

/// The stage that is written in Rust, and how it is shown.
const RUST_OP: &str = "rust_op";
const IN_RUST: &str = "fn folded(x: &mut [f32]) { for v in x { *v = (8.0 * *v).sin(); } }";

/// An expression of what its stage works on.
fn expression(declaration: &Declaration) -> Option<Value> {
    let expression = match declaration.facts.accepts {
        _ if declaration.name == RUST_OP => IN_RUST,
        Accepts::Features => "(x - mean) / max(std, 0.01)",
        _ => "tanh(4 * x) + 0.3 * y[-800]",
    };
    Some(Value::Word(expression.to_owned()))
}

/// A function of a wave, which only the language can make.
fn function(
    declaration: &Declaration,
    session: &mut Session,
) -> Result<Option<Value>, ScriptError> {
    let call = format!("{}(|wave| 0.3 * wave)", declaration.name);
    let outcome = session
        .eval("reference", &call)
        .map_err(|diagnostic| ScriptError::new(diagnostic.message))?;
    let mut found = None;
    if let Some(recipe) = outcome.value.try_cast::<Recipe>() {
        recipe.each_stage(&mut |stage| found = stage.values().first().cloned());
    }
    Ok(found)
}

/// What a recipe makes of a sound.
fn made(recipe: &Recipe, title: String, before: &Content) -> Result<Made, ScriptError> {
    let mut work = Workspace::default();
    match before {
        Content::Wave(wave) => work.load(wave),
        Content::Features(features) => work.load_features(features),
    }
    let trace = recipe.trace(Key::of_seed(0), &mut work)?;
    let content = match work.domain() {
        Domain::Wave => Content::Wave(work.take_waveform()?),
        Domain::Features => Content::Features(work.features),
    };
    let shape = match &content {
        Content::Wave(_) => None,
        Content::Features(features) => {
            let [channels, bands, frames] = features.shape();
            let channels = if channels == 1 {
                String::new()
            } else {
                format!("{channels} channels, ")
            };
            Some(format!("{channels}{bands} bands, {frames} frames"))
        }
    };
    let facts: Vec<String> = drawn(&trace, &title).into_iter().chain(shape).collect();
    Ok(Made {
        title,
        facts: facts.join(" · "),
        content,
    })
}

/// What was drawn, but for what the title says; seeds say nothing to a reader.
fn drawn(trace: &Trace, title: &str) -> Vec<String> {
    let steps = trace.steps.iter();
    steps
        .flat_map(|step| {
            let files = step
                .recordings
                .iter()
                .map(|drawn| format!("file {}", drawn.file));
            let values = step
                .values
                .iter()
                .filter(|(name, _)| !name.ends_with("seed"))
                .filter(|(name, value)| format!("{name}: {value}") != title)
                .map(|(name, value)| format!("{name} {}", short(*value)));
            files.chain(values).collect::<Vec<_>>()
        })
        .collect()
}

/// A number for the eye: whole ones as they are, others with three digits at most behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The figures of a page, and its sounds as files.
fn shown(
    declaration: &Declaration,
    folder: &Path,
    before: &Made,
    after: &Made,
    compared: &[(&Parameter, Vec<Made>)],
) -> Result<String, Error> {
    let all = [before, after];
    let all = all
        .into_iter()
        .chain(compared.iter().flat_map(|(_, of)| of));
    let waves: Vec<&Waveform> = all
        .clone()
        .filter_map(|result| match &result.content {
            Content::Wave(wave) => Some(wave),
            Content::Features(_) => None,
        })
        .collect();
    let scale = Scale::around(&waves);
    // A stage from features to features is judged on one scale of values; others measure each in their own way.
    let ends = match &before.content {
        Content::Features(features) => {
            let values = features.values.iter().map(|&value| f64::from(value));
            Some(values.fold([f64::MAX, f64::MIN], |[low, high], value| {
                [low.min(value), high.max(value)]
            }))
        }
        Content::Wave(_) => None,
    };
    let mut n_sounds = 0;
    let mut figure = |result: &Made| -> Result<String, Error> {
        let drawing = match &result.content {
            Content::Wave(wave) => wave_card(wave, &scale),
            Content::Features(features) => features_card(features, ends),
        };
        let player = match &result.content {
            Content::Wave(wave) if wave.n_samples() > 0 => {
                // A file holds nothing beyond full scale: all sounds of a page are played at one volume.
                let name = format!("sounds/{}-{n_sounds}.flac", declaration.name);
                let heard = wave.scaled(1.0 / scale.peak)?;
                write_flac(&folder.join(&name), &heard, FlacFormat::Int16)?;
                n_sounds += 1;
                format!("<audio controls preload=\"none\" src=\"../{name}\"></audio>")
            }
            _ => String::new(),
        };
        let (title, facts) = (escape(&result.title), escape(&result.facts));
        Ok(format!(
            "<figure><figcaption><code>{title}</code><span>{facts}</span></figcaption>{}{player}</figure>",
            drawing.to_svg_element(&result.title)
        ))
    };
    let mut out = String::from("<h2>Before and after</h2>");
    let _ = write!(
        out,
        "<div class=\"cards two\">{}{}</div>",
        figure(before)?,
        figure(after)?
    );
    for (parameter, results) in compared {
        let figures: Result<String, Error> = results.iter().map(&mut figure).collect();
        let _ = write!(
            out,
            "<h2><code>{}</code></h2><p>{}</p><div class=\"cards\">{}</div>",
            parameter.name,
            prose(&sentence(parameter.about)),
            figures?
        );
    }
    let louder_db = 20.0 * scale.peak.log10();
    if scale.peak > 1.0 && !waves.is_empty() {
        let _ = write!(
            out,
            "<p class=\"note\">Some of these sounds go beyond full scale: all are played {louder_db:.1} dB lower.</p>"
        );
    }
    Ok(out)
}

/// A remark as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !text.starts_with('`') => {
            let end = if text.ends_with('.') { "" } else { "." };
            format!("{}{}{end}", first.to_uppercase(), letters.as_str())
        }
        _ => text.to_owned(),
    }
}

/// What a stage takes and gives, in a few words.
pub(super) fn flow(declaration: &Declaration) -> &'static str {
    match (declaration.facts.accepts, declaration.facts.gives) {
        (_, Some(Domain::Features)) => "sound → features",
        (Accepts::Wave, _) => "sound → sound",
        (Accepts::Features, _) => "features → features",
        (Accepts::Either, _) => "sound or features",
    }
}

fn html(declaration: &'static Declaration, shown: &str, output: &str) -> String {
    let name = declaration.name;
    let mut body = format!(
        "<p class=\"kind\">{}</p><h1>{name}</h1><p class=\"lead\">{}</p><pre class=\"signature\">{}</pre>{shown}",
        flow(declaration),
        prose(declaration.about),
        escape(&signature(declaration)),
    );
    if !declaration.parameters.is_empty() {
        body += "<h2>Parameters</h2><div class=\"wide\"><table><thead><tr><th>name<th>meaning<th>unit<th>accepts\
                 <th>default</thead><tbody>";
        for parameter in declaration.parameters {
            let _ = write!(
                body,
                "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td>{}",
                parameter.name,
                prose(parameter.about),
                unit(parameter.name).unwrap_or_default(),
                accepted(&parameter.kind.to_string()),
                default_cell(&default_source(parameter))
            );
        }
        body += "</tbody></table></div>";
    }
    if !declaration.facts.draws.is_empty() {
        let items = declaration
            .facts
            .draws
            .iter()
            .map(|drawn| format!("<li><code>{}</code></li>", escape(drawn)));
        let _ = write!(
            body,
            "<h2>Drawn for every clip</h2><ul class=\"names\">{}</ul>",
            items.collect::<String>()
        );
    }
    let _ = write!(
        body,
        "<h2>Example</h2>{}",
        example(declaration.example, output)
    );
    if !declaration.citation.is_empty() {
        let _ = write!(
            body,
            "<h2>Source</h2><p>{}</p>",
            prose(declaration.citation)
        );
    }
    body += &neighbours(declaration);
    layout::page(name, "../", &body)
}

/// Words in quotes as code.
fn accepted(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('"').enumerate() {
        let part = escape(part);
        out += &if index % 2 == 1 {
            format!("<code>\"{part}\"</code>")
        } else {
            part
        };
    }
    out
}

fn default_source(parameter: &Parameter) -> String {
    match parameter.default_value() {
        None => String::new(),
        Some(_) => parameter.default.to_string(),
    }
}

fn signature(declaration: &Declaration) -> String {
    let part = |sign: &str, parameter: &Parameter| match default_source(parameter) {
        source if source.is_empty() => parameter.name.to_owned(),
        source => format!("{}{sign}{source}", parameter.name),
    };
    let (first, options): (Vec<&Parameter>, Vec<&Parameter>) = declaration
        .parameters
        .iter()
        .partition(|parameter| parameter.positional);
    let mut parts: Vec<String> = first.into_iter().map(|p| part(" = ", p)).collect();
    if !options.is_empty() {
        let options: Vec<String> = options
            .into_iter()
            .map(|p| match p.kind {
                Kind::Named => format!("{}: value, ...", p.name),
                _ => part(": ", p),
            })
            .collect();
        parts.push(format!("#{{ {} }}", options.join(", ")));
    }
    format!("{}({})", declaration.name, parts.join(", "))
}

/// Links to the stages before and behind a stage.
fn neighbours(declaration: &Declaration) -> String {
    let all = catalogue();
    let at = all.iter().position(|other| other.name == declaration.name);
    let link = |index: Option<usize>, before: &str, behind: &str| {
        let other = index.and_then(|index| all.get(index));
        other.map_or(String::from("<span></span>"), |other| {
            let name = other.name;
            format!("<a href=\"{name}.html\">{before}{name}{behind}</a>")
        })
    };
    let back = link(at.and_then(|at| at.checked_sub(1)), "← ", "");
    let on = link(at.map(|at| at + 1), "", " →");
    format!("<nav class=\"around\">{back}{on}</nav>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Topic;
    use auricle_audio::augment::declaration;

    #[test]
    fn a_signature_is_that_of_the_function() {
        let table = crate::language();
        for declaration in catalogue() {
            let mut named = table.named(declaration.name);
            let function = named.find(|f| f.topic() == Topic::Stages).unwrap();
            assert_eq!(signature(declaration), function.signature());
        }
    }

    #[test]
    fn numbers_and_remarks_are_for_readers() {
        assert_eq!(
            (short(3.0), short(-1.23456), short(1600.0)),
            ("3".into(), "-1.235".into(), "1600".into())
        );
        assert_eq!(sentence("what it is"), "What it is.");
        assert_eq!(accepted("\"a\" or 1"), "<code>\"a\"</code> or 1");
        let first = neighbours(catalogue()[0]);
        assert!(first.contains("<span></span>") && first.matches("<a ").count() == 1);
        assert_eq!(flow(declaration("log_mel").unwrap()), "sound → features");
    }
}

//! The page that leads to all others.

use super::layout;
use super::stage::{Card, flow, path};
use super::topic::Chapter;
use crate::script::{escape, prose};
use std::fmt::Write;

/// The kinds of stages, in the order of the page, with what stands above them.
const KINDS: [(&str, &str); 4] = [
    ("sound → sound", "Augmentations of sound"),
    ("sound or features", "Augmentations of sound and features"),
    ("sound → features", "Features"),
    ("features → features", "Augmentations of features"),
];

pub(super) fn page(cards: &[Card], chapters: &[Chapter<'_>]) -> String {
    let mut body = String::from(
        "<h1>Auricle</h1><p class=\"lead\">A small language for contrastive learning of audio: every stage of a recipe to \
         look at and to listen to, every function with its example. Press <kbd>/</kbd> to search.</p>",
    );
    for (kind, title) in KINDS {
        let stages: Vec<&Card> = cards
            .iter()
            .filter(|card| flow(card.declaration) == kind)
            .collect();
        if stages.is_empty() {
            continue;
        }
        let _ = write!(body, "<h2>{title}</h2><div class=\"gallery\">");
        for card in stages {
            let Card {
                declaration,
                picture,
            } = card;
            let _ = write!(
                body,
                "<a class=\"stage\" href=\"{}\"><img alt=\"\" src=\"{picture}\"><strong>{}</strong><span>{}</span></a>",
                path(declaration),
                declaration.name,
                prose(first_sentence(declaration.about))
            );
        }
        body += "</div>";
    }
    body += "<h2>Functions</h2>";
    for chapter in chapters {
        let names: String = chapter
            .contents()
            .into_iter()
            .map(|(name, anchor)| {
                let link = format!("{}#{anchor}", chapter.path());
                format!(
                    "<li><a href=\"{}\">{}</a></li>",
                    escape(&link),
                    escape(&name)
                )
            })
            .collect();
        let _ = write!(
            body,
            "<h3><a href=\"{}\">{}</a></h3><ul class=\"names\">{names}</ul>",
            chapter.path(),
            escape(chapter.title)
        );
    }
    layout::page("Auricle: reference", "", &body)
}

/// The first sentence of a text; a point that no space follows ends none.
fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_sentence_ends_at_its_point() {
        let first = super::first_sentence;
        assert_eq!(
            (first("Adds 0.5 dB. And more."), first("One.")),
            ("Adds 0.5 dB.", "One.")
        );
    }
}

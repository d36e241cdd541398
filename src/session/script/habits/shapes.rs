//! Every shape that is known of other languages, and the search for them.

use super::{Habit, Text, blocks, calls, closures, numbers, signs, words};

/// Looks for a shape that begins at a token.
type Shape = fn(&Text<'_>, usize) -> Option<Habit>;

/// Every shape, those first that say more.
const SHAPES: [Shape; 25] = [
    signs::comment,
    signs::copied,
    signs::foreign,
    signs::transposed,
    numbers::text_in_apostrophes,
    numbers::prefixed_text,
    numbers::text_in_three_quotes,
    numbers::without_its_digit,
    numbers::with_a_unit,
    closures::lambda,
    closures::arrow,
    closures::anonymous,
    closures::definition,
    calls::comprehension,
    words::condition_behind,
    blocks::loop_with_a_counter,
    blocks::loop_in_parentheses,
    blocks::colon,
    blocks::without_braces,
    calls::named_argument,
    calls::slice,
    calls::map_without_its_mark,
    calls::tuple,
    words::word,
    calls::without_parentheses,
];

/// The shape that explains why a script does not parse, if there is one near the place where the parser gave up.
pub(in crate::script) fn near(text: &Text<'_>, line: usize, column: usize) -> Option<Habit> {
    let mut best: Option<Habit> = None;
    for at in 0..text.tokens.len() {
        let token = &text.tokens[at];
        let beyond = (token.line, token.column) > (line, column);
        if beyond && (best.is_some() || token.line > line) {
            break;
        }
        let Some(habit) = SHAPES.iter().find_map(|shape| shape(text, at)) else {
            continue;
        };
        // A shape further up did not stop the parser, unless it goes on to here.
        if text.tokens[habit.through].line + 1 >= line && best.is_none() {
            best = Some(habit);
        }
    }
    best
}

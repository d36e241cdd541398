//! Tensors as text, the way NumPy prints arrays.

use super::{NdTensor, Values};
use std::fmt::{Display, Formatter};

/// More numbers than this are shown by their ends.
const MOST: usize = 1000;
/// Numbers and rows that are shown at each end.
const ENDS: usize = 3;
/// Columns of a line.
const LINE: usize = 75;
/// Digits behind the point at most.
const DIGITS: usize = 8;

impl Display for NdTensor {
    /// Shape and kind, then the numbers: on the same line if they take only one.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let tracked = if self.is_tracked() { ", tracked" } else { "" };
        let head = format!("tensor {:?} {}{tracked}", self.shape(), self.dtype().name());
        let body = numbers(&self.values(), &self.shape());
        let gap = if body.contains('\n') || head.len() + body.len() > LINE {
            '\n'
        } else {
            ' '
        };
        write!(f, "{head}{gap}{body}")
    }
}

/// The numbers as NumPy's `str` gives them.
fn numbers(values: &Values, shape: &[usize]) -> String {
    if values.is_empty() {
        return "[]".into();
    }
    let is_cut = values.len() > MOST;
    let shown = shown_places(shape, is_cut);
    let words = match values {
        Values::Float(values) => floats(&pick(values, &shown)),
        Values::Int(values) => aligned(pick(values, &shown).iter().map(i64::to_string).collect()),
        Values::Bool(values) => aligned(pick(values, &shown).iter().map(bool::to_string).collect()),
    };
    let mut words = words.into_iter();
    array(&mut words, shape, is_cut, " ", LINE)
}

fn pick<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|&place| values[place]).collect()
}

/// The places along an axis that are shown, and whether some between them are not.
fn ends(length: usize, is_cut: bool) -> (Vec<usize>, bool) {
    if is_cut && length > 2 * ENDS {
        ((0..ENDS).chain(length - ENDS..length).collect(), true)
    } else {
        ((0..length).collect(), false)
    }
}

/// The places of all numbers that are shown, in order.
fn shown_places(shape: &[usize], is_cut: bool) -> Vec<usize> {
    shape.iter().fold(vec![0], |places, &length| {
        let (along, _) = ends(length, is_cut);
        places
            .iter()
            .flat_map(|place| along.iter().map(move |at| place * length + at))
            .collect()
    })
}

/// NumPy's `_formatArray`: rows in brackets, broken at the width of a line.
fn array(
    words: &mut impl Iterator<Item = String>,
    shape: &[usize],
    is_cut: bool,
    indent: &str,
    width: usize,
) -> String {
    let Some((&length, inner)) = shape.split_first() else {
        return words.next().unwrap_or_default();
    };
    let (along, has_gap) = ends(length, is_cut);
    let mut text = String::new();
    if inner.is_empty() {
        let mut line = indent.to_owned();
        let gap = has_gap.then_some(ENDS);
        for place in 0..along.len() {
            if gap == Some(place) {
                extend(&mut text, &mut line, "...", width - 1, indent);
                line.push(' ');
            }
            extend(
                &mut text,
                &mut line,
                &words.next().unwrap_or_default(),
                width - 1,
                indent,
            );
            if place + 1 < along.len() {
                line.push(' ');
            }
        }
        text += &line;
    } else {
        let break_ = "\n".repeat(inner.len());
        let deeper = format!("{indent} ");
        for place in 0..along.len() {
            if has_gap && place == ENDS {
                text += &format!("{indent}...{break_}");
            }
            text += indent;
            text += &array(words, inner, is_cut, &deeper, width - 1);
            if place + 1 < along.len() {
                text += &break_;
            }
        }
    }
    format!("[{}]", &text[indent.len()..])
}

/// Puts a word on a line, or on the next one if it does not fit.
fn extend(text: &mut String, line: &mut String, word: &str, width: usize, indent: &str) {
    if line.len() + word.len() > width && line.len() > indent.len() {
        *text += line.trim_end();
        text.push('\n');
        *line = indent.to_owned();
    }
    *line += word;
}

fn aligned(words: Vec<String>) -> Vec<String> {
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}

/// Floating-point numbers below each other at the point, with as many digits as tell them apart, at
/// most eight.
fn floats(values: &[f32]) -> Vec<String> {
    let sizes = values
        .iter()
        .filter(|x| x.is_finite() && **x != 0.0)
        .map(|x| x.abs());
    let (low, high) = sizes.fold((f32::INFINITY, 0.0_f32), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    let is_scientific = high >= 1e8 || (high > 0.0 && (low < 1e-4 || high / low > 1000.0));
    let parts: Vec<Option<[String; 3]>> = values
        .iter()
        .map(|&x| {
            x.is_finite().then(|| {
                if is_scientific {
                    scientific(x)
                } else {
                    positional(x)
                }
            })
        })
        .collect();
    let longest = |part: usize| {
        parts
            .iter()
            .flatten()
            .map(|p| p[part].len())
            .max()
            .unwrap_or(0)
    };
    let (left, right, exponent) = (longest(0), longest(1), longest(2));
    let written = |(&x, parts): (&f32, &Option<[String; 3]>)| match parts {
        Some([whole, fraction, power]) if is_scientific => {
            // The sign of an exponent stands before as many digits as the longest one has.
            let (sign, digits) = power.split_at(2);
            let n = exponent.saturating_sub(2);
            format!("{whole:>left$}.{fraction:0<right$}{sign}{digits:0>n$}")
        }
        Some([whole, fraction, _]) => format!("{whole:>left$}.{fraction:<right$}"),
        None if x.is_nan() => "nan".into(),
        None if x > 0.0 => "inf".into(),
        None => "-inf".into(),
    };
    aligned(values.iter().zip(&parts).map(written).collect())
}

/// What stands before the point and behind it, without zeros at the end, and no exponent.
fn positional(x: f32) -> [String; 3] {
    let mut text = format!("{x}");
    if text
        .split_once('.')
        .is_some_and(|(_, fraction)| fraction.len() > DIGITS)
    {
        text = format!("{x:.DIGITS$}");
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    [
        whole.to_owned(),
        fraction.trim_end_matches('0').to_owned(),
        String::new(),
    ]
}

/// What stands before the point, behind it, and the exponent with its sign and at least two digits.
fn scientific(x: f32) -> [String; 3] {
    let text = format!("{x:e}");
    let (number, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (sign, digits) = match power.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', power),
    };
    [
        whole.to_owned(),
        fraction.to_owned(),
        format!("e{sign}{digits:0>2}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;

    fn check(values: &[f32], shape: &[usize], want: &str) {
        assert_eq!(numbers(&floats(values, shape).values(), shape), want);
    }

    #[test]
    fn numbers_are_written_as_numpy_does() {
        // str(numpy.array(..., dtype=numpy.float32)), NumPy 2.4
        check(
            &[1.0, 2.5, -3.0, 4.0],
            &[2, 2],
            "[[ 1.   2.5]\n [-3.   4. ]]",
        );
        check(&[0.1, 1.0 / 3.0], &[2], "[0.1        0.33333334]");
        check(&[1e-5, 1.5], &[2], "[1.0e-05 1.5e+00]");
        check(
            &[123_456_790.0, -0.5],
            &[2],
            "[ 1.2345679e+08 -5.0000000e-01]",
        );
        check(
            &[f32::NAN, f32::NEG_INFINITY, 1.0],
            &[3],
            "[ nan -inf   1.]",
        );
        check(&[0.0, 0.0], &[2, 1], "[[0.]\n [0.]]");
        check(&[2.5], &[], "2.5");
        check(&[], &[0, 3], "[]");
        check(
            &[1.0; 8],
            &[2, 2, 2],
            "[[[1. 1.]\n  [1. 1.]]\n\n [[1. 1.]\n  [1. 1.]]]",
        );
    }

    #[test]
    fn what_is_large_is_shown_by_its_ends() {
        let n = 40 * 40;
        let many = ints(&(0..n).collect::<Vec<_>>(), &[40, 40]);
        assert_eq!(
            numbers(&many.values(), &[40, 40]),
            "[[   0    1    2 ...   37   38   39]\n [  40   41   42 ...   77   78   79]\n \
             [  80   81   82 ...  117  118  119]\n ...\n [1480 1481 1482 ... 1517 1518 1519]\n \
             [1520 1521 1522 ... 1557 1558 1559]\n [1560 1561 1562 ... 1597 1598 1599]]"
        );
        let line = ints(&(0..30).collect::<Vec<_>>(), &[30]);
        assert_eq!(
            line.to_string(),
            "tensor [30] int64\n[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 \
                22 23\n \
             24 25 26 27 28 29]"
        );
    }
}

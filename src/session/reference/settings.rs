//! Which settings of a stage are shown side by side: a choice that follows from its declaration.

use super::sound::SAMPLE_RATE;
use auricle_audio::augment::{Declaration, DefaultValue, Kind, Parameter, Value};
use auricle_audio::synth::EXAMPLE_S;

/// Values of a parameter that are shown side by side.
pub(super) struct Group {
    pub(super) parameter: &'static Parameter,
    pub(super) values: Vec<Value>,
}

/// Parameters of a stage that are shown, and words of one of them.
const MOST_GROUPS: usize = 2;
const MOST_WORDS: usize = 4;

/// The groups of a stage: its first number and its first words, or else another number, a level that has no default, a
/// choice of yes or no.
pub(super) fn groups(declaration: &'static Declaration) -> Vec<Group> {
    let all = declaration.parameters.iter();
    let numbers = all.clone().filter_map(numbers).collect::<Vec<_>>();
    let words = all.clone().filter_map(words).collect::<Vec<_>>();
    let levels = all.clone().filter_map(levels).collect::<Vec<_>>();
    let flags = all.filter_map(flags).collect::<Vec<_>>();
    let (mut numbers, mut words) = (numbers.into_iter(), words.into_iter());
    let first: Vec<Group> = numbers.next().into_iter().chain(words.next()).collect();
    let any = first.len();
    let rest = numbers.chain(levels).chain(words);
    first
        .into_iter()
        .chain(rest)
        .chain(flags.into_iter().filter(|_| any < MOST_GROUPS))
        .take(MOST_GROUPS)
        .collect()
}

/// What is given to a stage that cannot be made without it; paths and functions come from elsewhere.
pub(super) fn required(parameter: &'static Parameter) -> Option<Value> {
    let group = numbers(parameter).filter(|_| parameter.default == DefaultValue::Required)?;
    group.values.get(1).cloned()
}

fn numbers(parameter: &'static Parameter) -> Option<Group> {
    let (low, high) = match parameter.kind {
        Kind::Drawn { low, high }
        | Kind::Number { low, high }
        | Kind::Count { low, high }
        | Kind::WordOrDrawn { low, high, .. }
        | Kind::WordOrNumber { low, high, .. } => (low, high),
        _ => return None,
    };
    let whole = matches!(parameter.kind, Kind::Count { .. })
        || matches!(parameter.default, DefaultValue::Whole(..));
    let values = match parameter.default {
        DefaultValue::Range(low, high) => [low, 0.5 * (low + high), high],
        DefaultValue::LogRange(low, high) => [low, (low * high).sqrt(), high],
        DefaultValue::Whole(low, high) => [low as f64, 0.5 * (low + high) as f64, high as f64],
        DefaultValue::Number(value) if value != 0.0 => [0.5 * value, value, 2.0 * value],
        DefaultValue::Required => {
            let whole = match unit(parameter.name)? {
                "s" => EXAMPLE_S,
                "Hz" => f64::from(SAMPLE_RATE),
                _ => return None,
            };
            [0.25 * whole, 0.5 * whole, 0.75 * whole]
        }
        _ => return None,
    };
    let rounded = |value: f64| {
        let value = value.clamp(low, high);
        if whole {
            value.round()
        } else {
            three_digits(value)
        }
    };
    group(parameter, values.map(rounded))
}

/// A level without a default: up to full scale, beyond which nothing is heard as it is.
fn levels(parameter: &'static Parameter) -> Option<Group> {
    let Kind::Drawn { low, .. } = parameter.kind else {
        return None;
    };
    let is_level = matches!(unit(parameter.name), Some("dB" | "LUFS"));
    if parameter.default != DefaultValue::Absent || !is_level || low >= 0.0 {
        return None;
    }
    group(
        parameter,
        [0.5 * low, 0.25 * low, 0.125 * low].map(three_digits),
    )
}

fn group(parameter: &'static Parameter, values: [f64; 3]) -> Option<Group> {
    let mut values = values.to_vec();
    values.dedup();
    let values: Vec<Value> = values
        .into_iter()
        .map(|value| Value::Drawn(value.into()))
        .collect();
    (values.len() > 1).then_some(Group { parameter, values })
}

fn words(parameter: &'static Parameter) -> Option<Group> {
    let words = parameter.kind.words();
    let is_path = matches!(parameter.kind, Kind::Paths { .. });
    let values = words
        .into_iter()
        .take(MOST_WORDS)
        .map(|word| Value::Word(word.to_owned()))
        .collect::<Vec<_>>();
    (values.len() > 1 && !is_path).then_some(Group { parameter, values })
}

fn flags(parameter: &'static Parameter) -> Option<Group> {
    let values = vec![Value::Flag(false), Value::Flag(true)];
    (parameter.kind == Kind::Flag).then_some(Group { parameter, values })
}

fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// The unit that a name of a parameter or of a drawn value ends in; nothing if it has none.
pub(super) fn unit(name: &str) -> Option<&'static str> {
    const UNITS: [(&str, &str); 16] = [
        ("db", "dB"),
        ("lufs", "LUFS"),
        ("hz", "Hz"),
        ("seconds", "s"),
        ("s", "s"),
        ("ms", "ms"),
        ("m", "m"),
        ("c", "°C"),
        ("kbps", "kbit/s"),
        ("bits", "bit"),
        ("samples", "samples"),
        ("semitones", "semitones"),
        ("fraction", "share of the length"),
        ("percentile", "%"),
        ("humidity", "%"),
        ("octaves", "octaves"),
    ];
    let last = name.rsplit('_').next().unwrap_or(name);
    // One letter is a unit only behind another word.
    let found = UNITS.iter().find(|(ending, _)| *ending == last);
    found
        .filter(|(ending, _)| ending.len() > 1 || name.len() > ending.len())
        .map(|(_, unit)| *unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_audio::augment::{catalogue, declaration};

    fn shown(stage: &str) -> Vec<(&'static str, String)> {
        groups(declaration(stage).unwrap())
            .into_iter()
            .map(|group| {
                let values: Vec<String> = group.values.iter().map(Value::to_string).collect();
                (group.parameter.name, values.join(" "))
            })
            .collect()
    }

    #[test]
    fn a_drawn_parameter_has_its_low_middle_and_high_and_a_word_its_words() {
        assert_eq!(shown("gain"), [("gain_db", "-12 0 12".to_owned())]);
        let noise = shown("noise");
        assert_eq!(noise[0], ("snr_db", "5 22.5 40".to_owned()));
        assert!(noise[1].0 == "color" && noise[1].1.starts_with("\"white\" \"pink\""));
        assert_eq!(shown("low_pass")[0].1, "150 1060 7500");
        assert_eq!(shown("crop")[0].1, "0.375 0.75 1.12");
        assert!(shown("polarity").is_empty());
        assert_eq!(shown("normalize")[0].0, "peak_db");
    }

    #[test]
    fn every_value_is_accepted_by_its_parameter() {
        for declaration in catalogue() {
            for group in groups(declaration) {
                for value in &group.values {
                    group.parameter.check(value).unwrap();
                }
            }
        }
    }

    #[test]
    fn the_unit_is_the_end_of_the_name() {
        assert_eq!(unit("snr_db"), Some("dB"));
        assert_eq!((unit("hz"), unit("seconds")), (Some("Hz"), Some("s")));
        assert_eq!(
            (unit("fade_s"), unit("s"), unit("bins")),
            (Some("s"), None, None)
        );
    }
}

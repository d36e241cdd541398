//! Random expressions, run on blocks and walked place by place: the bytes are the same.

use super::tree::Leaf;
use super::*;
use crate::{Error, Rng};
use proptest::prelude::*;

/// A value of an expression, written out.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => Just("x".to_owned()),
        2 => (1usize..5).prop_map(|back| format!("x[-{back}]")),
        1 => prop_oneof![Just(127usize), Just(128), Just(129), Just(300), Just(4096)]
            .prop_map(|back| format!("x[-{back}]")),
        3 => (1usize..4).prop_map(|back| format!("0.3 * y[-{back}]")),
        2 => prop_oneof![Just(31usize), Just(32), Just(33), Just(100), Just(128), Just(700)]
            .prop_map(|back| format!("0.3 * y[-{back}]")),
        1 => Just("noise".to_owned()),
        1 => Just("t".to_owned()),
        1 => Just("drive".to_owned()),
        1 => prop_oneof![Just("peak"), Just("rms"), Just("sample_rate"), Just("pi")]
            .prop_map(str::to_owned),
        2 => (-3.0..3.0f64).prop_map(|number| format!("{number:.3}")),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let calls = functions().collect::<Vec<_>>();
        let call = (0..calls.len(), prop::collection::vec(inner.clone(), 3)).prop_map(
            move |(at, operands)| {
                let (name, takes) = calls[at].split_once('(').unwrap();
                let n = takes.split(',').count();
                format!("{name}({})", operands[..n].join(", "))
            },
        );
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||",
        ]);
        prop_oneof![
            6 => (operator, inner.clone(), inner.clone())
                .prop_map(|(sign, a, b)| format!("({a}) {sign} ({b})")),
            1 => (inner.clone(), prop_oneof![Just("2"), Just("3"), Just("0.5"), Just("1.7")])
                .prop_map(|(a, b)| format!("({a}) ** {b}")),
            1 => inner.prop_map(|a| format!("-({a})")),
            4 => call,
        ]
    })
}

const GIVEN: [f64; 6] = [3.5, 8000.0, 0.9, 0.4, 0.125, 1.0];

/// The same place by place, in the order in which the text is written.
fn walked(program: &Program, samples: &[f32], noise: &[f32]) -> Result<Vec<f32>, usize> {
    let mut past: Vec<f64> = Vec::new();
    for (index, _) in samples.iter().enumerate() {
        let back = |back: usize| index.checked_sub(back);
        let values = program.tree.values(|leaf| match leaf {
            Leaf::Number(number) => number,
            Leaf::Row(at) => GIVEN[at],
            Leaf::Index => index as f64,
            Leaf::Time => index as f64 / 8000.0,
            Leaf::Noise => f64::from(noise[index]),
            Leaf::Input(n) => back(n).map_or(0.0, |at| f64::from(samples[at])),
            Leaf::Past(n) => back(n).map_or(0.0, |at| past[at]),
        });
        let y = *values.last().unwrap();
        if y.is_nan() || y.abs() > f64::from(f32::MAX) {
            return Err(index);
        }
        let is_silent = y.abs() < f64::from(f32::MIN_POSITIVE);
        past.push(if is_silent { 0.0 } else { y });
    }
    Ok(past.into_iter().map(|y| y as f32).collect())
}

fn ran(program: &Program, samples: &[f32], scratch: &mut Scratch) -> Result<Vec<f32>, Error> {
    let mut samples = samples.to_vec();
    let row = Row {
        samples: &mut samples,
        given: &GIVEN,
        rate: 8000.0,
        noise_seed: 5.0,
        number: 1,
        label: &|index| format!("sample {index}"),
    };
    program.run(row, scratch)?;
    Ok(samples)
}

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|x| x.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn blocks_give_what_a_walk_through_the_tree_gives(
        text in expression(),
        n in prop_oneof![Just(0usize), Just(1), Just(127), Just(128), Just(129), 2usize..900],
        silent in 0..4,
    ) {
        // Every parameter must be used.
        let text = format!("{text} + 0 * drive");
        let program = match Program::new(&text, &WAVE, &["drive"], &[]) {
            Ok(program) => program,
            Err(Error::Expression { reason, .. }) => {
                // What is built of numbers alone may be infinite, and deep ones are refused.
                prop_assert!(reason.contains("always") || reason.contains("parentheses"), "{}", reason);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut samples = vec![0.0; n];
        if silent > 0 {
            Rng::from_words(&[n as u64]).fill_normal(&mut samples);
        }
        let mut noise = vec![0.0; n];
        Rng::from_words(&[5f64.to_bits(), 1]).fill_normal(&mut noise);
        // Buffers that another expression left behind.
        let mut scratch = Scratch::default();
        let other = Program::new("x + 0.5 * y[-200] + noise * x[-9] * drive", &WAVE, &["drive"], &[]).unwrap();
        ran(&other, &[1.0; 300], &mut scratch).unwrap();
        match (walked(&program, &samples, &noise), ran(&program, &samples, &mut scratch)) {
            (Ok(want), Ok(got)) => prop_assert_eq!(bits(&got), bits(&want), "{}", text),
            (Err(index), Err(error)) => {
                let said = error.to_string();
                prop_assert!(said.contains(&format!("at sample {index},")), "{}: {}", text, said);
            }
            (want, got) => prop_assert!(false, "{}: {:?} {:?}", text, want, got),
        }
    }
}

#[test]
fn a_filter_and_an_echo_are_as_written_by_hand() {
    let mut samples = vec![0.0; 1000];
    Rng::from_words(&[2]).fill_normal(&mut samples);
    let program = Program::new(
        "0.2 * x + (1 - 0.2) * y[-1] + 0 * drive",
        &WAVE,
        &["drive"],
        &[],
    );
    let got = ran(&program.unwrap(), &samples, &mut Scratch::default()).unwrap();
    let mut y = 0.0;
    for (x, got) in samples.iter().zip(got) {
        y = 0.2 * f64::from(*x) + (1.0 - 0.2) * y;
        assert_eq!(y as f32, got);
    }
    let program = Program::new("x + drive * 0.1 * y[-100]", &WAVE, &["drive"], &[]).unwrap();
    let got = ran(&program, &samples, &mut Scratch::default()).unwrap();
    let mut echo = vec![0.0; 1000];
    for i in 0..1000 {
        let back = if i < 100 { 0.0 } else { echo[i - 100] };
        echo[i] = f64::from(samples[i]) + 3.5 * 0.1 * back;
        assert_eq!(echo[i] as f32, got[i]);
    }
}

#[test]
fn what_rings_out_becomes_silence() {
    let mut samples = vec![0.0; 20_000];
    samples[0] = 1.0;
    let text = "x + 0.99 * y[-1] + 0 * drive";
    let program = Program::new(text, &WAVE, &["drive"], &[]).unwrap();
    let got = ran(&program, &samples, &mut Scratch::default()).unwrap();
    assert!(got.iter().all(|y| *y == 0.0 || y.is_normal()));
    assert!(got[8000] > 0.0 && got[9000..].iter().all(|y| *y == 0.0));
}

#[test]
fn what_cannot_be_a_sample_is_said_with_its_place() {
    let failure = |text: &str| {
        let text = format!("{text} + 0 * drive");
        let program = Program::new(&text, &WAVE, &["drive"], &[]).unwrap();
        let error = ran(&program, &[0.5, 0.0, 1.0], &mut Scratch::default()).unwrap_err();
        let Error::Expression {
            reason,
            column,
            width,
            ..
        } = error
        else {
            panic!("{error}")
        };
        (reason, column, width)
    };
    let said = |reason: &str, column, width| (reason.to_owned(), column, width);
    assert_eq!(
        failure("2 * (1 / x)"),
        said("`(1 / x)` is infinite (inf) at sample 1", 5, 7)
    );
    assert_eq!(
        failure("sqrt(x - 1)"),
        said("`sqrt(x - 1)` is not a number at sample 0", 1, 11)
    );
    assert_eq!(
        failure("1e38 * (1 + 100 * x)").0,
        "the result is too large for a sample: 5.10e39 at sample 0"
    );
    assert_eq!(
        failure("1e30 * x + 1e30 * y[-1]").0,
        "the output grows without bound: 5.00e59 at sample 1"
    );
    // A guard discards what it does not choose.
    let guarded = "select(x == 0, 0, 1 / x) + 0 * drive";
    let program = Program::new(guarded, &WAVE, &["drive"], &[]).unwrap();
    let got = ran(&program, &[0.5, 0.0, 1.0], &mut Scratch::default()).unwrap();
    assert_eq!(got, [2.0, 0.0, 1.0]);
}

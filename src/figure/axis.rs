//! Axes: from numbers to places, and the round numbers beside them.

/// What stands along one side of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Value at the left or lower end.
    pub low: f64,
    /// Value at the right or upper end.
    pub high: f64,
    /// What is measured, with its unit.
    pub title: String,
}

impl Axis {
    /// An axis between two values; equal ones are moved apart, so that every value has a place.
    pub fn new(low: f64, high: f64, title: &str) -> Axis {
        let [low, high] = apart([low, high]);
        Axis {
            low,
            high,
            title: title.to_owned(),
        }
    }

    /// Seconds from 0; milliseconds for what is shorter than a tenth of a second.
    pub fn seconds(duration_s: f64) -> Axis {
        match duration_s < 0.1 {
            true => Axis::new(0.0, 1000.0 * duration_s, "time (ms)"),
            false => Axis::new(0.0, duration_s, "time (s)"),
        }
    }

    /// Frequencies in kHz; in Hz below 1 kHz.
    pub fn frequency(low_hz: f64, high_hz: f64) -> Axis {
        match high_hz < 1000.0 {
            true => Axis::new(low_hz, high_hz, "frequency (Hz)"),
            false => Axis::new(low_hz / 1000.0, high_hz / 1000.0, "frequency (kHz)"),
        }
    }

    /// Where a value stands: 0 at the low end, 1 at the high one.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Round numbers on the axis, about `n` intervals of them.
    pub fn ticks(&self, n: f64) -> impl Iterator<Item = f64> + use<> {
        let (low, high) = (self.low, self.high);
        let rough = (high - low) / n;
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|digit| digit * power)
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let slack = 1e-9 * (high - low);
        let (first, last) = (
            ((low - slack) / step).ceil() as i64,
            ((high + slack) / step).floor() as i64,
        );
        (first..=last).map(move |n| n as f64 * step)
    }
}

/// Smallest and largest finite value, not equal; 0 and 1 if there is none.
pub(crate) fn span(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let finite = values.filter(|value| value.is_finite());
    let [low, high] = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| {
        [low.min(v), high.max(v)]
    });
    if low > high {
        [0.0, 1.0]
    } else {
        apart([low, high])
    }
}

fn apart([low, high]: [f64; 2]) -> [f64; 2] {
    // Relative to the value, because half a unit beside a large number is nothing.
    let room = 0.5 * low.abs().max(1.0);
    if high > low {
        [low, high]
    } else {
        [low - room, low + room]
    }
}

/// The same with a little room at both ends.
pub(crate) fn padded([low, high]: [f64; 2]) -> [f64; 2] {
    let room = 0.05 * (high - low);
    [low - room, high + room]
}

/// A number with as many digits as are of use, without zeros at its end.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e7 || (size > 0.0 && size < 1e-4) {
        return format!("{value:.3e}").replace(".000e", "e");
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        for ((low, high), want) in [
            ((0.0, 1.0), vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            ((1.0, 60.0), vec![20.0, 40.0, 60.0]),
            ((-3.0, 7.0), vec![-2.0, 0.0, 2.0, 4.0, 6.0]),
            ((0.0, 0.3), vec![0.0, 0.1, 0.2, 0.3]),
        ] {
            let got: Vec<f64> = Axis::new(low, high, "").ticks(5.0).collect();
            assert_eq!(got.len(), want.len(), "{got:?}");
            assert!(
                got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-9),
                "{got:?}"
            );
        }
        let numbers = [0.0, -0.0, 2.5, 1e6, 0.300_000_000_000_000_04, 2e-5, 1.5e9];
        assert_eq!(
            numbers.map(number),
            ["0", "0", "2.5", "1000000", "0.3", "2e-5", "1.500e9"]
        );
    }

    #[test]
    fn units_follow_the_size() {
        assert_eq!(Axis::seconds(0.3), Axis::new(0.0, 0.3, "time (s)"));
        assert_eq!(Axis::seconds(0.05), Axis::new(0.0, 50.0, "time (ms)"));
        assert_eq!(
            Axis::frequency(0.0, 8000.0),
            Axis::new(0.0, 8.0, "frequency (kHz)")
        );
        assert_eq!(Axis::frequency(0.0, 500.0).title, "frequency (Hz)");
        assert_eq!(
            (span([f64::NAN].into_iter()), span([2.0].into_iter())),
            ([0.0, 1.0], [1.0, 3.0])
        );
        assert_eq!(Axis::new(1.0, 3.0, "").share(2.0), 0.5);
    }
}

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
    /// Values that stand at equal distances, in the middles of as many equal parts of the axis, where values do not; they
    /// ascend.
    middles: Vec<f64>,
}

impl Axis {
    /// An axis between two values; equal ones are moved apart, so that every value has a place.
    pub fn new(low: f64, high: f64, title: &str) -> Axis {
        let [low, high] = apart([low, high]);
        Axis {
            low,
            high,
            title: title.to_owned(),
            middles: Vec::new(),
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

    /// Frequencies of rows that lie at equal distances, whatever the frequencies do, such as those of mel bands. They
    /// ascend.
    pub fn bands(centers_hz: &[f64]) -> Axis {
        let (Some(&first), Some(&last)) = (centers_hz.first(), centers_hz.last()) else {
            return Axis::frequency(0.0, 0.0);
        };
        let mut axis = Axis::frequency(first, last);
        let n = centers_hz.len();
        let even = |i: usize| first + (last - first) * i as f64 / (n - 1) as f64;
        let is_even = |(i, hz): (usize, &f64)| (hz - even(i)).abs() <= 1e-6 * last.abs();
        if n > 2 && !centers_hz.iter().enumerate().all(is_even) {
            let unit = last / axis.high;
            axis.middles = centers_hz.iter().map(|hz| hz / unit).collect();
        }
        axis
    }

    /// Where a value stands: 0 at the low end, 1 at the high one.
    pub fn share(&self, value: f64) -> f64 {
        if !self.middles.is_empty() {
            let n = self.middles.len();
            let above = self.middles.partition_point(|&middle| middle < value);
            let right = above.clamp(1, n - 1);
            let (low, high) = (self.middles[right - 1], self.middles[right]);
            let at = (right - 1) as f64 + (value - low) / (high - low);
            return ((at + 0.5) / n as f64).clamp(0.0, 1.0);
        }
        (value - self.low) / (self.high - self.low)
    }

    /// Round numbers on the axis, about `n` intervals of them.
    pub fn ticks(&self, n: f64) -> impl Iterator<Item = f64> + use<> {
        let ticks = if self.middles.is_empty() {
            self.even_ticks(n).collect()
        } else {
            self.uneven_ticks(n)
        };
        ticks.into_iter()
    }

    /// Ones, fives and twos of every decade, as far as there is room beside those before.
    fn uneven_ticks(&self, n: f64) -> Vec<f64> {
        let lowest = self.low.max(1e-4 * self.high);
        let decades = lowest.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let mut ticks: Vec<f64> = Vec::new();
        for digit in [1.0, 5.0, 2.0] {
            for decade in decades.clone() {
                let value = digit * 10.0_f64.powi(decade);
                let is_far =
                    |other: &f64| (self.share(*other) - self.share(value)).abs() * n >= 0.7;
                if (lowest..=self.high).contains(&value) && ticks.iter().all(is_far) {
                    ticks.push(value);
                }
            }
        }
        ticks.sort_by(f64::total_cmp);
        ticks
    }

    fn even_ticks(&self, n: f64) -> impl Iterator<Item = f64> + use<> {
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
    fn bands_at_equal_distances_have_their_frequencies_beside_them() {
        let mel = |i: usize| 700.0 * (10.0_f64.powf(i as f64 * 60.0 / 2595.0) - 1.0);
        let centers: Vec<f64> = (1..=40).map(mel).collect();
        let axis = Axis::bands(&centers);
        assert_eq!(axis.title, "frequency (kHz)");
        for (row, hz) in centers.iter().enumerate() {
            let at = (row as f64 + 0.5) / 40.0;
            assert!((axis.share(hz / 1000.0) - at).abs() < 1e-9, "{row}");
        }
        let between = axis.share((centers[3] + centers[4]) / 2000.0);
        assert!((between - 4.0 / 40.0).abs() < 1e-9, "{between}");
        let ticks: Vec<f64> = axis.ticks(6.0).collect();
        assert!(ticks.len() >= 4 && ticks.contains(&1.0), "{ticks:?}");
        let places: Vec<f64> = ticks.iter().map(|&tick| axis.share(tick)).collect();
        assert!(
            places.windows(2).all(|pair| pair[1] - pair[0] >= 0.7 / 6.0),
            "{ticks:?}"
        );
        // The bins of a transform are as even as the axis of a spectrogram.
        let bins: Vec<f64> = (0..=128).map(|bin| 31.25 * f64::from(bin)).collect();
        assert_eq!(Axis::bands(&bins), Axis::frequency(0.0, 4000.0));
        assert_eq!(Axis::bands(&[]).title, "frequency (Hz)");
        assert_eq!(Axis::bands(&[440.0]).title, "frequency (Hz)");
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

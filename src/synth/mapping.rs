//! Parameters of modules: their range, and how a raw number in `[0, 1]` becomes one in human units.

use auricle_audio::declare::{DefaultValue, Kind, Parameter};

/// How a raw number in `[0, 1]` becomes a value in human units.
///
/// Not symmetric: `v = low + (high - low) r^(1 / curve)`. Symmetric: with `d = 2 r - 1`,
/// `v = low + (high - low) / 2 (sign(d) |d|^(1 / curve) + 1)`. A curve below 1 gives small values more of the raw range
/// (torchsynth 1.0, `ModuleParameterRange`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    /// Value at 0.
    pub low: f64,
    /// Value at 1.
    pub high: f64,
    /// Curve; 1 is linear.
    pub curve: f64,
    /// Whether the curve goes out from the middle.
    pub symmetric: bool,
}

impl Mapping {
    /// The value of a raw number.
    pub fn value(&self, raw: f64) -> f64 {
        let span = self.high - self.low;
        if self.symmetric {
            let d = 2.0 * raw - 1.0;
            let bent = power(d.abs(), 1.0 / self.curve).copysign(d);
            self.low + span / 2.0 * (bent + 1.0)
        } else {
            self.low + span * power(raw, 1.0 / self.curve)
        }
    }

    /// The change of the value with the raw number: the derivative of [`Mapping::value`]. A curve above 1 has none at 0, and
    /// the one near it stands there.
    pub fn slope(&self, raw: f64) -> f64 {
        const LEAST: f64 = 1e-6;
        let span = self.high - self.low;
        let from = if self.symmetric {
            (2.0 * raw - 1.0).abs()
        } else {
            raw
        };
        let from = if self.curve > 1.0 {
            from.max(LEAST)
        } else {
            from
        };
        span / self.curve * libm::pow(from, 1.0 / self.curve - 1.0)
    }

    /// The raw number of a value.
    pub fn raw(&self, value: f64) -> f64 {
        let n = (value - self.low) / (self.high - self.low);
        if self.symmetric {
            let d = 2.0 * n - 1.0;
            (1.0 + power(d.abs(), self.curve).copysign(d)) / 2.0
        } else {
            power(n, self.curve)
        }
    }
}

/// A power of a number that is not negative; whole exponents, which most curves are, by squaring.
fn power(x: f64, exponent: f64) -> f64 {
    let whole = exponent.round();
    if (exponent - whole).abs() > 1e-12 || !(1.0..=64.0).contains(&whole) {
        return libm::pow(x, exponent);
    }
    let (mut product, mut square, mut rest) = (1.0, x, whole as u32);
    while rest > 0 {
        if rest & 1 == 1 {
            product *= square;
        }
        square *= square;
        rest >>= 1;
    }
    product
}

/// How many numbers a parameter of a module is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// One.
    One,
    /// One for each input of the module's first port.
    PerInput,
    /// One for each pair of an output and an input, `[output][input]`.
    PerPair,
}

/// A parameter of a module: every sound has its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// Name in scripts.
    pub name: &'static str,
    /// Unit of its values; empty for a plain number.
    pub unit: &'static str,
    /// Range and curve.
    pub mapping: Mapping,
    /// What it means.
    pub about: &'static str,
    /// How many numbers it is.
    pub count: Count,
    /// The port without which it means nothing: where that is not connected, the number is 0 unless it is given.
    pub port: Option<&'static str>,
}

impl Knob {
    /// A parameter with a linear range.
    pub const fn new(
        name: &'static str,
        unit: &'static str,
        low: f64,
        high: f64,
        about: &'static str,
    ) -> Knob {
        Knob {
            name,
            unit,
            mapping: Mapping {
                low,
                high,
                curve: 1.0,
                symmetric: false,
            },
            about,
            count: Count::One,
            port: None,
        }
    }

    /// The same for a port, without which it means nothing.
    pub const fn of_port(mut self, port: &'static str) -> Knob {
        self.port = Some(port);
        self
    }

    /// The same with a curve.
    pub const fn curve(mut self, curve: f64) -> Knob {
        self.mapping.curve = curve;
        self
    }

    /// The same with its curve going out from the middle.
    pub const fn symmetric(mut self) -> Knob {
        self.mapping.symmetric = true;
        self
    }

    /// The same as several numbers.
    pub const fn count(mut self, count: Count) -> Knob {
        self.count = count;
        self
    }

    /// It as a parameter of a declaration: a number fixes it, a distribution says how it is drawn, and what is not given
    /// is free.
    pub const fn parameter(&self) -> Parameter {
        let kind = Kind::Drawn {
            low: self.mapping.low,
            high: self.mapping.high,
        };
        Parameter::option(self.name, kind, DefaultValue::Absent, self.about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_and_value_are_inverse() {
        for (curve, symmetric) in [(1.0, false), (0.5, false), (0.025, false), (0.2, true)] {
            // A steep curve leaves digits of a small raw number only near 0.
            let low = if curve < 0.1 { 0.0 } else { -10.0 };
            let mapping = Mapping {
                low,
                high: 20.0,
                curve,
                symmetric,
            };
            for step in 1..=20 {
                let raw = f64::from(step) / 20.0;
                let back = mapping.raw(mapping.value(raw));
                assert!((back - raw).abs() < 1e-9, "{curve}: {raw} {back}");
            }
            assert_eq!(mapping.value(0.0), low);
            assert_eq!(mapping.value(1.0), 20.0);
        }
    }

    #[test]
    fn a_power_by_squaring_is_a_power() {
        for (x, exponent) in [(0.3, 2.0), (0.7, 4.0), (0.9, 5.0), (0.95, 40.0)] {
            assert!((power(x, exponent) - libm::pow(x, exponent)).abs() < 1e-14);
        }
    }
}

//! What air takes away from sound.

/// Attenuation of a pure tone by the atmosphere, dB per metre.
///
/// ISO 9613-1:1993, equations 3 to 5 and annex B, at the reference pressure of 101.325 kPa. With the temperature `T` in
/// kelvin, `T0 = 293.15`, and the molar concentration of water `h` in percent:
///
/// ```text
/// a = 8.686 f^2 (1.84e-11 (T/T0)^(1/2) + (T/T0)^(-5/2) (0.01275 exp(-2239.1/T) / (frO + f^2/frO)
///                                                     + 0.1068 exp(-3352/T) / (frN + f^2/frN)))
/// frO = 24 + 4.04e4 h (0.02 + h) / (0.391 + h)
/// frN = (T/T0)^(-1/2) (9 + 280 h exp(-4.170 ((T/T0)^(-1/3) - 1)))
/// h   = humidity 10^(-6.8346 (273.16/T)^1.261 + 4.6151)
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Air {
    classical: f64,
    oxygen: Relaxation,
    nitrogen: Relaxation,
}

#[derive(Clone, Copy, Debug)]
struct Relaxation {
    strength: f64,
    freq_hz: f64,
}

impl Air {
    /// Air of a temperature in degrees Celsius and a relative humidity in percent.
    pub fn new(temperature_c: f64, humidity: f64) -> Air {
        let kelvin = (temperature_c + 273.15).max(1.0);
        let relative = kelvin / 293.15;
        let saturation = libm::pow(10.0, -6.8346 * libm::pow(273.16 / kelvin, 1.261) + 4.6151);
        let h = humidity.clamp(0.0, 100.0) * saturation;
        let scale = libm::pow(relative, -2.5);
        Air {
            classical: 1.84e-11 * relative.sqrt(),
            oxygen: Relaxation {
                strength: scale * 0.01275 * libm::exp(-2239.1 / kelvin),
                freq_hz: 24.0 + 4.04e4 * h * (0.02 + h) / (0.391 + h),
            },
            nitrogen: Relaxation {
                strength: scale * 0.1068 * libm::exp(-3352.0 / kelvin),
                freq_hz: (9.0
                    + 280.0 * h * libm::exp(-4.170 * (libm::pow(relative, -1.0 / 3.0) - 1.0)))
                    / relative.sqrt(),
            },
        }
    }

    /// The attenuation at a frequency, dB per metre.
    pub fn db_per_m(&self, freq_hz: f64) -> f64 {
        let square = freq_hz * freq_hz;
        let relaxed = |r: Relaxation| r.strength / (r.freq_hz + square / r.freq_hz);
        8.686 * square * (self.classical + relaxed(self.oxygen) + relaxed(self.nitrogen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attenuations_are_those_of_the_tables() {
        // ISO 9613-2:1996, table 2: dB per kilometre in octave bands, whose exact middles are 1000 * 10^(0.3 k) Hz.
        let table = [
            (10.0, 70.0, [0.1, 0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117.0]),
            (20.0, 70.0, [0.1, 0.3, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6]),
            (30.0, 70.0, [0.1, 0.3, 1.0, 3.1, 7.4, 12.7, 23.1, 59.3]),
            (15.0, 20.0, [0.3, 0.6, 1.2, 2.7, 8.2, 28.2, 88.8, 202.0]),
            (15.0, 50.0, [0.1, 0.5, 1.2, 2.2, 4.2, 10.8, 36.2, 129.0]),
            (15.0, 80.0, [0.1, 0.3, 1.1, 2.4, 4.1, 8.3, 23.7, 82.8]),
        ];
        for (temperature_c, humidity, row) in table {
            let air = Air::new(temperature_c, humidity);
            for (k, want) in (-4..4).zip(row) {
                let got = 1000.0 * air.db_per_m(1000.0 * 10f64.powf(0.3 * f64::from(k)));
                assert!(
                    (got - want).abs() < 0.06 + 0.005 * want,
                    "{temperature_c} {humidity} {k}: {got}, not {want}"
                );
            }
        }
    }
}

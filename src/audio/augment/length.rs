//! How long a part of a clip is: up to a share of it, or as drawn.

use crate::declare::Settings;
use crate::{Distribution, Error, Rng};

/// A length along time.
pub(super) enum Length {
    /// Whole numbers of samples, uniform between two shares of the clip.
    Between {
        /// Shortest share.
        min: Distribution,
        /// Longest share.
        max: f64,
    },
    /// A share of the clip.
    Fraction(Distribution),
    /// Seconds.
    Seconds(Distribution),
}

impl Length {
    /// The length that three parameters describe. A number for `max` is a limit, and lengths are uniform from `min` up to
    /// it; a distribution is the length itself, as are `seconds`.
    ///
    /// # Errors
    /// [`Error::Range`] if more is said than can hold at once.
    pub(super) fn of(
        settings: &Settings<'_>,
        min: &'static str,
        max: &'static str,
        seconds: Option<&'static str>,
    ) -> Result<Length, Error> {
        if let Some(seconds) = seconds
            && let Some(drawn) = settings.drawn_if(seconds)
        {
            settings.only_one_of(&[max, seconds])?;
            settings.only_one_of(&[min, seconds])?;
            return Ok(Length::Seconds(drawn));
        }
        match (settings.drawn(min), settings.drawn(max)) {
            (min_fraction, Distribution::Constant(max_fraction)) => {
                if let Some((_, largest)) = min_fraction.support()
                    && largest > max_fraction
                {
                    return Err(Error::range(
                        min,
                        format!("at most `{max}`, {max_fraction}"),
                        min_fraction,
                    ));
                }
                Ok(Length::Between {
                    min: min_fraction,
                    max: max_fraction,
                })
            }
            (_, fraction) => {
                if settings.is_changed(min) {
                    let want =
                        format!("left out where `{max}` is a range, which is the length itself");
                    return Err(Error::range(min, want, settings.drawn(min)));
                }
                Ok(Length::Fraction(fraction))
            }
        }
    }

    /// Whether it is measured in seconds, which features have not.
    pub(super) fn needs_a_wave(&self) -> bool {
        matches!(self, Length::Seconds(_))
    }

    /// Draws a number of samples or frames, at most `n`.
    pub(super) fn draw(&self, rng: &mut Rng, n: usize, sample_rate: u32) -> usize {
        match self {
            Length::Between { min, max } => {
                let samples = |fraction: f64| (fraction * n as f64).floor() as usize;
                let longest = samples(*max).min(n);
                let shortest = samples(min.draw_within(rng, 0.0, 1.0)).min(longest);
                shortest + rng.below(longest - shortest + 1)
            }
            Length::Fraction(fraction) => {
                ((fraction.draw_within(rng, 0.0, 1.0) * n as f64).round() as usize).min(n)
            }
            Length::Seconds(seconds) => ((seconds.draw_within(rng, 0.0, 86_400.0)
                * f64::from(sample_rate))
            .round() as usize)
                .min(n),
        }
    }
}

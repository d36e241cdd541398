//! Shifting along time.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y[n] = x[(n - k) mod N]`; without wrapping, zeros come in where the sound left.
pub(super) static TIME_SHIFT: Declaration = Declaration {
    name: "time_shift",
    about: "Moves the sound in time, around the ends of the clip.",
    citation: "Al-Tahan & Mohsenzadeh, CLAR, 2021, section 3.4 (TS)",
    parameters: &[
        Parameter::positional(
            "fraction",
            Kind::Drawn { low: -1.0, high: 1.0 },
            DefaultValue::Range(-0.5, 0.5),
            "shift as a share of the clip; positive is later",
        ),
        Parameter::option(
            "wrap",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether what leaves at one end enters at the other",
        ),
    ],
    accepts: Accepts::Either,
    gives: None,
    draws: &["shift"],
    example: "let x = click(0.25, 1) |> time_shift(0.5); assert(x.samples()[12000] == 1.0)",
    build: |settings| {
        Ok(Arc::new(TimeShift {
            fraction: settings.drawn("fraction").unwrap_or(0.0.into()),
            wrap: settings.flag("wrap"),
        }))
    },
};

struct TimeShift {
    fraction: Distribution,
    wrap: bool,
}

impl Transform for TimeShift {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        smallvec![(self.fraction.draw_within(rng, -1.0, 1.0) * input.n as f64).round()]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let shift = draws[0].clamp(-1e15, 1e15) as i64;
        for row in work.rows_mut() {
            if self.wrap {
                row.rotate_right(shift.rem_euclid(n as i64) as usize);
                continue;
            }
            let kept = n - (shift.unsigned_abs() as usize).min(n);
            if shift >= 0 {
                row.copy_within(..kept, n - kept);
                row[..n - kept].fill(0.0);
            } else {
                row.copy_within(n - kept.., 0);
                row[kept..].fill(0.0);
            }
        }
        Ok(())
    }
}

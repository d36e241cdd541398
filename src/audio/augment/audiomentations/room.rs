//! RoomSimulator of audiomentations, whose places are in metres and whose angles are in radians.

use super::super::{Recipe, Value};
use super::settings::{Settings, number, rounded, stage, uniform};
use crate::Error;

/// Names of an axis here and there: its size, the size's ends, the source's place and its ends, with their defaults in m.
type Axis = (
    &'static str,
    (&'static str, &'static str),
    (f64, f64),
    &'static str,
    (&'static str, &'static str),
    (f64, f64),
);

const AXES: [Axis; 3] = [
    (
        "length_m",
        ("min_size_x", "max_size_x"),
        (3.6, 5.6),
        "source_x",
        ("min_source_x", "max_source_x"),
        (0.1, 3.5),
    ),
    (
        "width_m",
        ("min_size_y", "max_size_y"),
        (3.6, 3.9),
        "source_y",
        ("min_source_y", "max_source_y"),
        (0.1, 2.7),
    ),
    (
        "height_m",
        ("min_size_z", "max_size_z"),
        (2.4, 3.0),
        "source_z",
        ("min_source_z", "max_source_z"),
        (1.0, 2.1),
    ),
];

/// The recipe, and what differs about it.
pub(super) fn recipe(s: &Settings<'_>) -> Result<(Recipe, Option<&'static str>), Error> {
    let mut given = Vec::new();
    let mut sizes_vary = false;
    for (size, size_ends, usual_size, source, source_ends, usual_source) in AXES {
        let (least, most) = s.ends(&[size_ends], usual_size)?;
        let (near, far) = s.ends(&[source_ends], usual_source)?;
        sizes_vary |= least != most;
        // A place is a share of the room here, and no farther than its wall.
        let middle = 0.5 * (least + most);
        given.push((size, uniform((least, most))?));
        given.push((
            source,
            uniform((
                rounded((near / middle).clamp(0.0, 1.0)),
                rounded((far / middle).clamp(0.0, 1.0)),
            ))?,
        ));
    }
    let note =
        "the source lies at a share of the room here: metres were taken of a room of middle size";
    let degrees = |(low, high): (f64, f64), most: f64| {
        uniform((low.to_degrees().max(-most), high.to_degrees().min(most)))
    };
    let pi = std::f64::consts::PI;
    given.push((
        "distance_m",
        s.range(&[("min_mic_distance", "max_mic_distance")], (0.15, 0.35))?,
    ));
    given.push((
        "azimuth_deg",
        degrees(
            s.ends(&[("min_mic_azimuth", "max_mic_azimuth")], (-pi, pi))?,
            360.0,
        )?,
    ));
    given.push((
        "elevation_deg",
        degrees(
            s.ends(&[("min_mic_elevation", "max_mic_elevation")], (-pi, pi))?,
            90.0,
        )?,
    ));
    let absorption = s.range(
        &[("min_absorption_value", "max_absorption_value")],
        (0.075, 0.4),
    )?;
    let rt60_s = s.range(&[("min_target_rt60", "max_target_rt60")], (0.15, 0.8))?;
    given.push(match s.word("calculation_mode", &["absorption", "rt60"])? {
        "rt60" => ("rt60_s", rt60_s),
        _ => ("absorption", absorption),
    });
    let order = s.number("max_order")?.unwrap_or(1.0);
    // Traced rays go on where the images end; here there are more images instead.
    if !s.flag("use_ray_tracing", true)? {
        given.push(("max_order", number(order)));
    }
    given.push((
        "keep_tail",
        Value::Flag(!s.flag("leave_length_unchanged", false)?),
    ));
    given.push(("normalise", Value::Flag(false)));
    Ok((stage("room", given)?, sizes_vary.then_some(note)))
}

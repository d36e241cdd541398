//! Numbers in rows as colours, and numbers in a row as a line.

use crate::script::{FromScript, Picture, curve_rows, draw_arrays};
use auricle_figure::{Grid, HeatMap};
use rhai::{Array, Dynamic, Engine};

/// An array of fewer numbers than this is better read than seen.
const FEWEST: usize = 8;

/// A matrix, the first row on top, in colours from its smallest to its largest value; a single row as a line.
pub(super) fn heat_map(values: &[f64], columns: usize) -> Option<Picture> {
    let rows = values.len().checked_div(columns)?;
    if rows < 2 || columns < 2 {
        return numbers(values);
    }
    let upwards: Vec<f32> = values
        .chunks_exact(columns)
        .rev()
        .flatten()
        .map(|&value| value as f32)
        .collect();
    let map = HeatMap::of(Grid {
        values: &upwards,
        columns,
        rows,
    })?;
    Some(Picture::Pixels(map.into_pixels()))
}

/// A line through what was measured one after the other.
pub(super) fn curve(values: &[f64]) -> Option<Picture> {
    let rows = if values.len() < 2 {
        String::new()
    } else {
        curve_rows(values, 1, 64, 6)
    };
    (!rows.is_empty()).then_some(Picture::Rows(rows))
}

/// A line through the numbers of an array, if they are worth one.
pub(super) fn numbers(values: &[f64]) -> Option<Picture> {
    if values.len() < FEWEST {
        None
    } else {
        curve(values)
    }
}

/// Makes arrays of numbers, and arrays of equally long rows of numbers, pictures.
pub(super) fn register(_: &mut Engine) {
    draw_arrays(|value| {
        let array = value.read_lock::<Array>()?;
        if !array.first()?.is_array() {
            return numbers(&Vec::<f64>::from_script(value)?);
        }
        let row = |row: &Dynamic| Vec::<f64>::from_script(row);
        let rows: Vec<Vec<f64>> = array.iter().map(row).collect::<Option<_>>()?;
        let columns = rows[0].len();
        rows.iter()
            .all(|row| row.len() == columns)
            .then(|| heat_map(&rows.concat(), columns))?
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(values: &[f64], columns: usize) -> crate::script::Pixels {
        match heat_map(values, columns) {
            Some(Picture::Pixels(pixels)) => pixels,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_row_is_on_top_and_the_largest_value_is_light() {
        // The ends of the colour map, as its authors give them.
        let (dark, light) = ([68, 1, 84], [253, 231, 37]);
        let map = pixels(&[0.0, 9.0, 9.0, 0.0, 0.0, f64::NAN], 2);
        assert_eq!(
            (map.width, map.colors),
            (2, vec![dark, light, light, dark, dark, dark])
        );
        assert_eq!(heat_map(&[f64::NAN; 4], 2), None);
        assert_eq!(heat_map(&[], 0), None);
    }

    #[test]
    fn arrays_of_numbers_are_drawn_and_others_are_not() {
        crate::script::new_engine(
            &crate::script::Table::default(),
            &[register],
            crate::script::Mode::Run,
            Default::default(),
            std::sync::Arc::new(|_: &str| ()),
        )
        .unwrap();
        let shown = |script: &str| {
            let value: Dynamic = rhai::Engine::new().eval(script).unwrap();
            crate::script::Shown::picture_of(&value)
        };
        assert!(matches!(
            shown("[[1, 2], [3, 4.5]]"),
            Some(Picture::Pixels(_))
        ));
        assert!(matches!(
            shown("[1, 2, 3, 4, 5, 6, 7, 8, 9]"),
            Some(Picture::Rows(_))
        ));
        for script in [
            "[]",
            "[1, 2]",
            "[\"a\"]",
            "[[1, 2], [3]]",
            "[[], []]",
            "[[\"a\"], [1]]",
            "3",
        ] {
            assert_eq!(shown(script), None, "{script}");
        }
    }
}

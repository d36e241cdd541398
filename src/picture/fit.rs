//! Pictures of another size.

use auricle_session::script::Pixels;

/// From this many pixels for one, both directions are enlarged alike: the squares of a matrix stay squares.
const SQUARES: usize = 8;

/// A picture that fills a space as well as it can without passing its bounds: enlarged by whole numbers, or averaged.
pub(super) fn fitted(picture: &Pixels, [width, height]: [usize; 2]) -> Pixels {
    let size = [picture.width, picture.colors.len() / picture.width];
    let [mut x, mut y] = [(width / size[0]).max(1), (height / size[1]).max(1)];
    if x.min(y) >= SQUARES {
        [x, y] = [x.min(y); 2];
    } else {
        // Time and frequency have no common measure, but a sound is not to become a stripe.
        [x, y] = [x.min(4 * y), y.min(4 * x)];
    }
    let [width, height] = [
        (size[0] * x).min(width.max(1)),
        (size[1] * y).min(height.max(1)),
    ];
    let colors = (0..height).flat_map(|line| {
        (0..width).map(move |column| mean(picture, [column, width], [line, height]))
    });
    Pixels {
        width,
        colors: colors.collect(),
    }
}

/// The mean colour of the `at`-th of `n` parts in both directions.
pub(super) fn mean(
    picture: &Pixels,
    [column, columns]: [usize; 2],
    [line, lines]: [usize; 2],
) -> [u8; 3] {
    let height = picture.colors.len() / picture.width;
    let part = |at: usize, n: usize, size: usize| at * size / n..((at + 1) * size).div_ceil(n);
    let mut sum = [0u32; 3];
    let mut n = 0;
    for y in part(line, lines, height) {
        for color in &picture.colors[y * picture.width..][part(column, columns, picture.width)] {
            sum.iter_mut()
                .zip(color)
                .for_each(|(sum, &value)| *sum += u32::from(value));
            n += 1;
        }
    }
    sum.map(|sum| (sum / n) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ones_are_enlarged_and_large_ones_averaged() {
        let (a, b) = ([0, 0, 0], [200, 100, 50]);
        let two = Pixels {
            width: 2,
            colors: vec![a, b],
        };
        assert_eq!(
            fitted(&two, [7, 2]),
            Pixels {
                width: 6,
                colors: [[a, a, a, b, b, b]; 2].concat()
            }
        );
        // As many pixels in both directions where there is room for squares.
        assert_eq!(fitted(&two, [100, 9]).width, 18);
        let wide = Pixels {
            width: 4,
            colors: vec![a, b, b, b, b, a, b, b],
        };
        assert_eq!(
            fitted(&wide, [2, 1]),
            Pixels {
                width: 2,
                colors: vec![[100, 50, 25], b]
            }
        );
    }
}

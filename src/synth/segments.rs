//! How audio samples lie between control samples: linear, the ends aligned.

/// The audio samples between each control sample and the next.
///
/// Audio sample `i` of `n` reads control position `i (c - 1) / (n - 1)`; all of it in whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segments {
    /// First sample of each segment, and the number of samples behind the last.
    pub(crate) starts: Vec<u32>,
    /// Position of each segment's first sample between its control samples, within 0..1.
    pub(crate) offsets: Vec<f64>,
    /// Control samples per audio sample.
    pub(crate) step: f64,
}

impl Segments {
    /// The segments of a clip of `n` audio and `c` control samples, both at least 1.
    pub(crate) fn new(n: usize, c: usize) -> Segments {
        if n == 1 || c == 1 {
            return Segments {
                starts: vec![0, n as u32],
                offsets: vec![0.0],
                step: 0.0,
            };
        }
        let (audio, control) = (n as u64 - 1, c as u64 - 1);
        let first = |segment: u64| (segment * audio).div_ceil(control);
        let mut starts: Vec<u32> = (0..control).map(|segment| first(segment) as u32).collect();
        let offset = |segment: u64| {
            let over = first(segment) * control - segment * audio;
            over as f64 / audio as f64
        };
        let offsets = (0..control).map(offset).collect();
        // The last sample lies on the last control sample, the end of the last segment.
        starts.push(n as u32);
        Segments {
            starts,
            offsets,
            step: control as f64 / audio as f64,
        }
    }

    /// The segment of a sample.
    pub(crate) fn of(&self, sample: usize) -> usize {
        self.starts
            .partition_point(|&start| start as usize <= sample)
            - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_is_a_ramp() {
        for (n, c) in [(44_100, 441), (16_000, 480), (7, 3), (2, 2), (5, 9)] {
            let segments = Segments::new(n, c);
            let mut position = Vec::new();
            for j in 0..segments.offsets.len() {
                for k in 0..segments.starts[j + 1] - segments.starts[j] {
                    position.push(j as f64 + segments.offsets[j] + f64::from(k) * segments.step);
                }
            }
            assert_eq!(position.len(), n);
            for (i, got) in position.iter().enumerate() {
                let want = i as f64 * (c - 1) as f64 / (n - 1) as f64;
                assert!((got - want).abs() < 1e-9, "{n} {c} {i}: {got} {want}");
            }
        }
    }

    #[test]
    fn a_single_sample_has_a_segment() {
        assert_eq!(Segments::new(1, 5).starts, [0, 1]);
        assert_eq!(Segments::new(9, 1).starts, [0, 9]);
        assert_eq!(Segments::new(441, 5).of(440), 3);
        assert_eq!(Segments::new(441, 5).of(0), 0);
    }
}

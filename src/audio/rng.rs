//! Random numbers that depend on what they are for, never on who asks first.
//!
//! A [`Key`] says for which clip, view and epoch a number is drawn, a [`Place`] says where in a recipe. Together they
//! select one stream of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), a
//! counter-based generator: the n-th number of a stream is a function of the stream and n alone. Threads, batches and
//! the order of calls therefore cannot change a draw.

/// What a draw is for: the session's seed, the epoch, the clip's index in its dataset, and the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Seed of the session or of the call.
    pub seed: u64,
    /// Pass over the data, from 0.
    pub epoch: u64,
    /// Index of the clip in its dataset.
    pub item: u64,
    /// Which of the views of the clip, from 0.
    pub view: u64,
}

impl Key {
    /// The key of a single draw outside any dataset.
    pub fn of_seed(seed: u64) -> Key {
        Key {
            seed,
            epoch: 0,
            item: 0,
            view: 0,
        }
    }

    /// The stream of this key at one place of a recipe.
    pub fn at(self, place: Place) -> Rng {
        Rng::from_words(&[self.seed, self.epoch, self.item, self.view, place.0])
    }
}

/// A position in a tree of draws, such as the stages of a recipe.
///
/// The place of a stage is made from the indices on the way to it, so that a stage added behind others leaves their
/// places, and with them their draws, as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(u64);

impl Place {
    /// The top of the tree.
    pub const ROOT: Place = Place(0x9E37_79B9_7F4A_7C15);

    /// The `index`-th place below this one.
    pub fn child(self, index: usize) -> Place {
        Place(mix(
            self.0.rotate_left(17) ^ mix(index as u64 ^ 0x51_7C_C1_B7_27_22_0A_95)
        ))
    }

    /// The place below this one that belongs to `name`.
    pub fn named(self, name: &str) -> Place {
        name.bytes()
            .fold(self, |place, byte| place.child(byte as usize))
    }
}

/// The finalizer of SplitMix64 (Steele et al., 2014): every input bit reaches every output bit.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng {
    key: [u32; 2],
    stream: [u32; 2],
    block: u64,
    buffer: [u32; 4],
    used: usize,
    spare_normal: Option<f64>,
}

impl Rng {
    /// The stream selected by a list of numbers.
    pub fn from_words(words: &[u64]) -> Rng {
        let (mut key, mut stream) = (0x243F_6A88_85A3_08D3_u64, 0x1319_8A2E_0370_7344_u64);
        for &word in words {
            key = mix(key ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
            stream = mix(stream.rotate_left(23) ^ mix(word ^ 0xA409_3822_299F_31D0));
        }
        let split = |x: u64| [x as u32, (x >> 32) as u32];
        Rng {
            key: split(key),
            stream: split(stream),
            block: 0,
            buffer: [0; 4],
            used: 4,
            spare_normal: None,
        }
    }

    /// The stream of a seed that was itself drawn, see [`Rng::seed`].
    pub fn from_seed(seed: f64) -> Rng {
        Rng::from_words(&[seed.to_bits()])
    }

    fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            let counter = [
                self.block as u32,
                (self.block >> 32) as u32,
                self.stream[0],
                self.stream[1],
            ];
            self.buffer = philox(counter, self.key);
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.buffer[self.used - 1]
    }

    fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) | u64::from(self.next_u32()) << 32
    }

    /// A real number in `[0, 1)`, all 53 bits drawn.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A real number in `[low, high)`; `low` if the two are equal.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// An integer in `0..n`; 0 if `n` is 0. The bias is below `n / 2^64`.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// A draw from the normal distribution of mean 0 and deviation 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare_normal.take() {
            return z;
        }
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let (sin, cos) = libm::sincos(std::f64::consts::TAU * self.uniform());
        self.spare_normal = Some(radius * sin);
        radius * cos
    }

    /// A seed for a stream of its own: an integer below 2^53, so that it survives a trip through JSON.
    pub fn seed(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Fills with independent standard normal numbers in single precision.
    ///
    /// Works on whole blocks of the counter in lanes that the compiler turns into vector instructions; it starts at a
    /// fresh block, so what was drawn before from this stream does not shift it.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        let blocks = pulp::Arch::new().dispatch(FillNormal {
            block: self.block,
            stream: self.stream,
            key: self.key,
            out,
        });
        self.block += blocks;
        self.used = 4;
    }
}

/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor;
/// nothing in it is fused or reordered, so the bytes are the same on all. Returns the blocks used.
struct FillNormal<'a> {
    block: u64,
    stream: [u32; 2],
    key: [u32; 2],
    out: &'a mut [f32],
}

impl pulp::NullaryFnOnce for FillNormal<'_> {
    type Output = u64;

    #[inline(always)]
    fn call(self) -> u64 {
        let mut block = self.block;
        let (whole, rest) = self.out.as_chunks_mut::<{ 4 * LANES }>();
        for chunk in whole {
            normal_lanes(block, self.stream, self.key, chunk);
            block += LANES as u64;
        }
        if !rest.is_empty() {
            let mut chunk = [0.0; 4 * LANES];
            normal_lanes(block, self.stream, self.key, &mut chunk);
            rest.copy_from_slice(&chunk[..rest.len()]);
            block += LANES as u64;
        }
        block - self.block
    }
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One block of Philox4x32 with ten rounds.
fn philox(mut x: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let p0 = u64::from(MULTIPLIERS[0]) * u64::from(x[0]);
        let p1 = u64::from(MULTIPLIERS[1]) * u64::from(x[2]);
        x = [
            (p1 >> 32) as u32 ^ x[1] ^ key[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ x[3] ^ key[1],
            p0 as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    x
}

const LANES: usize = 16;

/// `4 * LANES` normal numbers from `LANES` consecutive blocks, a block to a lane.
#[inline(always)]
fn normal_lanes(block: u64, stream: [u32; 2], mut key: [u32; 2], out: &mut [f32; 4 * LANES]) {
    let mut x = [[0u32; LANES]; 4];
    #[expect(
        clippy::needless_range_loop,
        reason = "four rows share the index, and so the loop becomes lanes"
    )]
    for lane in 0..LANES {
        let counter = block.wrapping_add(lane as u64);
        x[0][lane] = counter as u32;
        x[1][lane] = (counter >> 32) as u32;
        x[2][lane] = stream[0];
        x[3][lane] = stream[1];
    }
    for _ in 0..10 {
        let mut y = [[0u32; LANES]; 4];
        for lane in 0..LANES {
            let p0 = u64::from(MULTIPLIERS[0]) * u64::from(x[0][lane]);
            let p1 = u64::from(MULTIPLIERS[1]) * u64::from(x[2][lane]);
            y[0][lane] = (p1 >> 32) as u32 ^ x[1][lane] ^ key[0];
            y[1][lane] = p1 as u32;
            y[2][lane] = (p0 >> 32) as u32 ^ x[3][lane] ^ key[1];
            y[3][lane] = p0 as u32;
        }
        x = y;
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    for pair in 0..2 {
        for lane in 0..LANES {
            let (cos, sin) = box_muller(x[2 * pair][lane], x[2 * pair + 1][lane]);
            out[(2 * pair) * LANES + lane] = cos;
            out[(2 * pair + 1) * LANES + lane] = sin;
        }
    }
}

/// Two normal numbers from two words, in single precision and without branches.
#[inline(always)]
fn box_muller(a: u32, b: u32) -> (f32, f32) {
    // (a + 1/2) / 2^32 in (0, 1]: the tail reaches 6.7 deviations.
    let u = (a as f32 + 0.5) * (1.0 / 4_294_967_296.0);
    let radius = (-2.0 * ln(u)).max(0.0).sqrt();
    // The two top bits choose the quadrant, the rest an angle in [-pi/4, pi/4).
    let angle = ((b << 2) as i32 as f32) * (std::f32::consts::FRAC_PI_4 / 2_147_483_648.0);
    let square = angle * angle;
    let sin = angle
        * (1.0 + square * (-1.666_665_5e-1 + square * (8.332_161e-3 + square * -1.951_529_6e-4)));
    let cos = 1.0
        + square
            * (-0.5
                + square * (4.166_664_6e-2 + square * (-1.388_731_6e-3 + square * 2.443_315_7e-5)));
    let swap = b >> 31 == 1;
    let negate = (b >> 30) & 1 == 1;
    let (c, s) = if swap { (sin, cos) } else { (cos, sin) };
    let sign = if negate { -radius } else { radius };
    // The four combinations of swap and sign turn [-pi/4, pi/4) into the whole circle, each quadrant once.
    (sign * c, sign * s)
}

/// Natural logarithm of a positive normal number, relative error below 3e-7 (Cephes' polynomial).
#[inline(always)]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 23) as i32 - 126) as f32;
    let mut m = f32::from_bits((bits & 0x007F_FFFF) | 0x3F00_0000);
    let small = m < std::f32::consts::FRAC_1_SQRT_2;
    exponent -= if small { 1.0 } else { 0.0 };
    m = if small { m + m } else { m } - 1.0;
    let z = m * m;
    let mut y = 7.037_683_6e-2 * m - 1.151_461e-1;
    y = y * m + 1.167_699_8e-1;
    y = y * m - 1.242_014_1e-1;
    y = y * m + 1.424_932_3e-1;
    y = y * m - 1.666_805_7e-1;
    y = y * m + 2.000_071_4e-1;
    y = y * m - 2.499_999_4e-1;
    y = y * m + 3.333_333e-1;
    y * m * z + exponent * -2.121_944_4e-4 - 0.5 * z + m + exponent * 0.693_359_4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_agrees_with_the_published_vectors() {
        // Known answers distributed with Random123, the authors' implementation.
        let cases = [
            (
                [0; 4],
                [0; 2],
                [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD],
            ),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
            ),
        ];
        for (counter, key, want) in cases {
            assert_eq!(philox(counter, key), want);
        }
    }

    #[test]
    fn every_part_of_the_key_selects_another_stream() {
        let key = Key {
            seed: 1,
            epoch: 2,
            item: 3,
            view: 4,
        };
        let first = |key: Key, place| key.at(place).next_u64();
        let base = first(key, Place::ROOT);
        let others = [
            first(Key { seed: 2, ..key }, Place::ROOT),
            first(Key { epoch: 3, ..key }, Place::ROOT),
            first(Key { item: 4, ..key }, Place::ROOT),
            first(Key { view: 5, ..key }, Place::ROOT),
            first(key, Place::ROOT.child(0)),
            first(key, Place::ROOT.child(1)),
            first(key, Place::ROOT.named("gain")),
        ];
        for (i, other) in others.iter().enumerate() {
            assert_ne!(*other, base);
            assert!(!others[..i].contains(other));
        }
        assert_eq!(base, first(key, Place::ROOT));
    }

    #[test]
    fn moments_of_the_draws_are_those_of_their_distributions() {
        let mut rng = Rng::from_words(&[7]);
        let mut filled = vec![0.0f32; 400_001];
        rng.fill_normal(&mut filled);
        let scalar: Vec<f64> = (0..200_000).map(|_| rng.normal()).collect();
        for draws in [
            filled.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(),
            scalar,
        ] {
            let n = draws.len() as f64;
            let moment = |k: i32| draws.iter().map(|x| x.powi(k)).sum::<f64>() / n;
            for (k, want) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0), (6, 15.0)] {
                // Five standard errors of the k-th moment of a normal sample.
                let variance = (1..=2 * k).step_by(2).map(f64::from).product::<f64>() - want * want;
                assert!(
                    (moment(k) - want).abs() < 5.0 * (variance / n).sqrt(),
                    "moment {k}: {}",
                    moment(k)
                );
            }
            let beyond = draws.iter().filter(|x| x.abs() > 3.0).count() as f64 / n;
            assert!(
                (beyond - 0.0027).abs() < 5.0 * (0.0027 / n).sqrt(),
                "beyond three deviations: {beyond}"
            );
        }
        let mean = (0..100_000).map(|_| rng.range(2.0, 4.0)).sum::<f64>() / 1e5;
        assert!((mean - 3.0).abs() < 0.01);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|&c: &i32| (c - 10_000).abs() < 500),
            "{counts:?}"
        );
    }

    #[test]
    fn filled_normals_have_the_distribution_function_of_the_normal_law() {
        let mut draws = vec![0.0f32; 1 << 18];
        Rng::from_words(&[11]).fill_normal(&mut draws);
        draws.sort_by(f32::total_cmp);
        let n = draws.len() as f64;
        let distance = draws.iter().enumerate().fold(0.0f64, |worst, (i, x)| {
            let want = 0.5 * libm::erfc(-f64::from(*x) / 2f64.sqrt());
            worst
                .max((want - i as f64 / n).abs())
                .max((want - (i + 1) as f64 / n).abs())
        });
        // Kolmogorov's limit that one sample in a thousand exceeds.
        assert!(distance * n.sqrt() < 1.95, "{distance}");
        for beyond in [1.0, 2.0, 3.0, 4.0] {
            let want = n * libm::erfc(beyond / 2f64.sqrt());
            let got = draws.iter().filter(|x| f64::from(x.abs()) > beyond).count() as f64;
            assert!(
                (got - want).abs() < 4.0 * want.sqrt(),
                "beyond {beyond}: {got}, not {want}"
            );
        }
    }

    #[test]
    fn the_tails_reach_six_and_a_half_deviations() {
        for b in (0..64).map(|i| i << 26) {
            let (c, s) = box_muller(0, b);
            let radius = f64::from(c).hypot(f64::from(s));
            assert!(
                (radius - (66.0 * 2f64.ln()).sqrt()).abs() < 1e-5,
                "{radius}"
            );
        }
    }

    #[test]
    fn normals_are_the_same_with_and_without_wide_instructions() {
        let [mut wide, mut plain] = [[0.0f32; 5000]; 2];
        let (block, stream, key) = (7, [1, 2], [3, 4]);
        let used = pulp::Arch::new().dispatch(FillNormal {
            block,
            stream,
            key,
            out: &mut wide,
        });
        assert_eq!(
            used,
            pulp::Arch::Scalar.dispatch(FillNormal {
                block,
                stream,
                key,
                out: &mut plain
            })
        );
        assert_eq!(wide.map(f32::to_bits), plain.map(f32::to_bits));
    }

    #[test]
    fn a_part_of_a_fill_is_the_start_of_the_whole() {
        let mut whole = [0.0f32; 1000];
        Rng::from_words(&[5]).fill_normal(&mut whole);
        for n in [1, 63, 64, 65, 999] {
            let mut part = vec![0.0f32; n];
            Rng::from_words(&[5]).fill_normal(&mut part);
            assert_eq!(part, whole[..n]);
        }
    }

    #[test]
    fn neighbouring_normals_are_uncorrelated() {
        let mut x = vec![0.0f32; 1 << 18];
        Rng::from_words(&[3]).fill_normal(&mut x);
        for lag in [1, 2, LANES, 2 * LANES, 4 * LANES] {
            let r: f64 = x
                .windows(lag + 1)
                .map(|w| f64::from(w[0]) * f64::from(w[lag]))
                .sum::<f64>()
                / x.len() as f64;
            assert!(r.abs() < 5.0 / (x.len() as f64).sqrt(), "lag {lag}: {r}");
        }
    }

    #[test]
    fn ln_is_accurate_over_the_range_it_serves() {
        for i in 1..100_000u32 {
            let x = i as f32 / 100_000.0;
            let want = f64::from(x).ln();
            assert!(
                (f64::from(ln(x)) - want).abs() < 3e-7 * want.abs().max(1.0),
                "ln({x})"
            );
        }
    }
}

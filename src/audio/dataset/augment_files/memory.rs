//! Memory: how much clips take, and how many of them are worked on at once.

use crate::augment::{Recipe, Step, Views};
use crate::io::Header;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What a run may fill, of what is free when it begins: others need some, too.
const SHARE: f64 = 0.8;

/// Clips up to this size, bytes, take part without being counted: all threads together do not get far with them.
const SMALL: u64 = 16 << 20;

/// Bytes of samples for a byte of a file whose head does not say how many there are: speech in Opus at 16 kbit/s, decoded to
/// floats at 48 kHz, is 96 times as large; music in MP3 some 20 times.
const EXPANSION: u64 = 24;

/// A limit on what clips take together.
pub(super) struct Memory {
    limit: Option<u64>,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// Memory that a clip may take; given back when it is dropped.
pub(super) struct Share<'a> {
    memory: &'a Memory,
    n_bytes: u64,
    /// Whether others had to be waited for.
    pub(super) waited: bool,
}

impl Memory {
    /// A limit of some bytes; if none are given, most of what is free, where the system says how much that is.
    pub(super) fn new(given: Option<u64>) -> Memory {
        let limit = given.or_else(|| free().map(|n_bytes| (n_bytes as f64 * SHARE) as u64));
        Memory {
            limit,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
        }
    }

    /// The limit, if a clip alone is beyond it.
    pub(super) fn is_beyond(&self, n_bytes: u64) -> Option<u64> {
        self.limit
            .filter(|limit| n_bytes > SMALL && n_bytes > *limit)
    }

    /// Waits until there is room for a clip beside the others.
    pub(super) fn share(&self, n_bytes: u64) -> Share<'_> {
        let mut waited = false;
        let Some(limit) = self.limit.filter(|_| n_bytes > SMALL) else {
            return Share {
                memory: self,
                n_bytes: 0,
                waited,
            };
        };
        let mut taken = self.lock();
        while *taken > 0 && *taken + n_bytes > limit {
            waited = true;
            taken = self
                .given_back
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *taken += n_bytes;
        Share {
            memory: self,
            n_bytes,
            waited,
        }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.memory.lock() -= self.n_bytes;
        self.memory.given_back.notify_all();
    }
}

/// Bytes that a clip's samples take, as its head says, or as its file's length lets expect.
pub(super) fn clip_bytes(header: &Header, file_bytes: u64) -> u64 {
    match header.n_samples {
        Some(n) => n.saturating_mul(header.n_channels as u64).saturating_mul(4),
        None => file_bytes.saturating_mul(EXPANSION),
    }
}

/// How often the samples of a clip are in memory at most while its views are made: once as they were read, where they are
/// needed again, and what the most hungry stage needs.
pub(super) fn copies(views: &Views) -> f64 {
    let read = if views.recipes().len() > 1 { 1.0 } else { 0.0 };
    read + views.recipes().iter().map(stage_copies).fold(1.1, f64::max)
}

/// How often the samples of a clip are in memory while it is read: of WAV they go to their place, what is decoded grows and is
/// then put together.
pub(super) fn reading_copies(path: &Path) -> f64 {
    let is_wav = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wav") || e.eq_ignore_ascii_case("wave"));
    if is_wav { 1.1 } else { 3.5 }
}

/// Peak memory over the samples' own, rounded up, as `/usr/bin/time -v` gives it for stereo at 44.1 kHz.
fn stage_copies(recipe: &Recipe) -> f64 {
    let most = |recipes: &[Recipe]| recipes.iter().map(stage_copies).fold(1.1, f64::max);
    let of_step = |step: &Step| match step {
        Step::Stage(stage) => match stage.declaration().name {
            "gain" | "fade" | "time_mask" | "time_shift" | "normalize" | "low_pass"
            | "high_pass" | "band_pass" | "band_stop" | "shelf" | "peaking" | "seven_band_eq"
            | "bit_crush" | "polarity" | "reverse" | "splice_out" => 1.1,
            "pitch_shift" | "time_stretch" => 2.7,
            "mp3" => 4.5,
            "lambda" | "resample_to" => 3.5,
            "speed" | "tape_speed" => 3.0,
            _ => 2.5,
        },
        Step::Chance { recipe, .. } | Step::Repeat { recipe, .. } => stage_copies(recipe),
        Step::PerChannel { recipe } | Step::Blend { recipe, .. } => 1.5 + stage_copies(recipe),
        Step::OneOf { recipes, .. } | Step::Shuffle { recipes } | Step::SomeOf { recipes, .. } => {
            most(recipes)
        }
    };
    recipe.steps().iter().map(of_step).fold(1.1, f64::max)
}

/// Bytes as people say them.
pub fn size(n_bytes: u64) -> String {
    match n_bytes as f64 {
        n if n >= 1e9 => format!("{:.1} GB", n * 1e-9),
        n => format!("{:.0} MB", n * 1e-6),
    }
}

/// Bytes that this process can still take, where the system says so: free memory, what is left of the limit of its group,
/// and of its own address space.
fn free() -> Option<u64> {
    [available(), left_of_group(), left_of_address_space()]
        .into_iter()
        .flatten()
        .min()
}

fn available() -> Option<u64> {
    field(
        &std::fs::read_to_string("/proc/meminfo").ok()?,
        "MemAvailable:",
    )
    .map(|kilobytes| kilobytes * 1024)
}

/// What the address space of the process can still grow by, if that is limited.
pub(super) fn left_of_address_space() -> Option<u64> {
    let limit = field(
        &std::fs::read_to_string("/proc/self/limits").ok()?,
        "Max address space",
    )?;
    let taken = field(
        &std::fs::read_to_string("/proc/self/status").ok()?,
        "VmSize:",
    )? * 1024;
    Some(limit.saturating_sub(taken))
}

/// What is left of the limits of the process's group and of those around it.
fn left_of_group() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let number = |path: &Path| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    };
    let root = Path::new("/sys/fs/cgroup");
    let folders = Path::new(group).ancestors().map(|folder| root.join(folder));
    let left = folders.filter_map(|folder| {
        let limit = number(&folder.join("memory.max"))?;
        Some(limit.saturating_sub(number(&folder.join("memory.current"))?))
    });
    left.min()
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Stage, declaration};
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn large_clips_wait_for_each_other_and_small_ones_do_not() {
        let memory = Memory::new(Some(100 << 20));
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _share = memory.share(40 << 20);
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(*memory.lock(), 0);
        let large = memory.share(90 << 20);
        assert!(!large.waited && !memory.share(SMALL).waited);
        // What is beyond the limit is worked on alone, by who does not ask before.
        drop(large);
        assert!(!memory.share(1 << 30).waited);
        assert_eq!(memory.is_beyond(1 << 30), Some(100 << 20));
        assert_eq!(
            (
                memory.is_beyond(100 << 20),
                Memory::new(Some(1)).is_beyond(SMALL)
            ),
            (None, None)
        );
    }

    #[test]
    fn sizes_come_from_heads_and_copies_from_the_hungriest_stage() {
        let header = |n_samples| Header {
            sample_rate: 44_100,
            n_channels: 2,
            n_samples,
        };
        assert_eq!(clip_bytes(&header(Some(100)), 7), 800);
        assert_eq!(clip_bytes(&header(None), 100), 2400);
        assert_eq!(clip_bytes(&header(Some(u64::MAX)), 7), u64::MAX);
        let stage = |name: &str| Recipe::from(Stage::new(declaration(name).unwrap(), []).unwrap());
        let hungry = stage("gain")
            .then(&stage("pitch_shift").chance(0.5).unwrap())
            .unwrap();
        let copies_of = |n, recipe: &Recipe| copies(&Views::of(n, recipe).unwrap());
        assert_eq!(
            (copies_of(1, &stage("gain")), copies_of(2, &stage("gain"))),
            (1.1, 2.1)
        );
        assert!(reading_copies(Path::new("a.WAV")) < reading_copies(Path::new("a.flac")));
        assert_eq!(copies_of(1, &hungry), copies_of(1, &stage("pitch_shift")));
        assert!(copies_of(1, &hungry) > copies_of(1, &stage("noise")));
        assert_eq!(
            (size(1_270_000_000), size(44_000_000)),
            ("1.3 GB".into(), "44 MB".into())
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_says_what_is_free() {
        assert!(free().is_some_and(|n_bytes| n_bytes > 1 << 20));
        assert_eq!(
            field(
                "a: 1\nMax address space   4096   unlimited bytes\n",
                "Max address space"
            ),
            Some(4096)
        );
        assert_eq!(
            field(
                "Max address space   unlimited   unlimited bytes\n",
                "Max address space"
            ),
            None
        );
    }
}

//! Memory that is left, and what a script is told before it is used up.
//!
//! A system that runs out of memory ends the program, and with it everything a session holds. So what is large is asked
//! for before it is made ([`room_for`]), and what grows little by little is watched while a script runs ([`Watch`]).
//! rhai's own limits are not used: with them, every method call on an array counts all its elements, and filling an
//! array takes time in the square of its length.

use super::{CancelToken, ScriptError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a script must leave to the rest of the machine, whatever it has: less, and the system begins to end programs.
const LEAST_RESERVE: u64 = 256 << 20;

/// The same as a share of the machine's memory.
const RESERVED_SHARE: u64 = 20;

/// What is smaller is made without a question.
const SMALL: u64 = 32 << 20;

/// Memory of the machine, bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Memory {
    available: u64,
    total: u64,
}

impl Memory {
    /// What the system says, or the container that the program is in; `None` where neither is known.
    fn now() -> Option<Memory> {
        let info = std::fs::read_to_string("/proc/meminfo").ok()?;
        let machine = Memory {
            available: field(&info, "MemAvailable:")? << 10,
            total: field(&info, "MemTotal:")? << 10,
        };
        Some(
            container()
                .filter(|container| container.available < machine.available)
                .unwrap_or(machine),
        )
    }

    /// What a script may still take.
    fn free(self) -> u64 {
        self.available
            .saturating_sub((self.total / RESERVED_SHARE).max(LEAST_RESERVE))
    }
}

/// The limits of a container: those of version 2 of Linux' control groups. Pages of files count as available.
fn container() -> Option<Memory> {
    let read = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok();
    let total: u64 = read("memory.max")?.trim().parse().ok()?;
    let used: u64 = read("memory.current")?.trim().parse().ok()?;
    let files = field(&read("memory.stat")?, "inactive_file").unwrap_or(0);
    Some(Memory {
        available: total.saturating_sub(used.saturating_sub(files)),
        total,
    })
}

/// The number behind a name that begins a line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// The largest memory that this process had, bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(field(&status, "VmHWM:")? << 10)
}

/// Whether something of a size can be made.
///
/// # Errors
/// If it would not leave enough memory; says how much there is.
pub fn room_for(what: &str, bytes: u64) -> Result<(), ScriptError> {
    if bytes <= SMALL {
        Ok(())
    } else {
        fits(what, bytes, Memory::now())
    }
}

fn fits(what: &str, bytes: u64, memory: Option<Memory>) -> Result<(), ScriptError> {
    match memory.map(Memory::free) {
        Some(free) if bytes > free => {
            let message = format!(
                "{what} would take {}, and {} can be had",
                size(bytes),
                size(free)
            );
            Err(ScriptError::new(message)
                .hint("make it smaller, or free memory: `name = ()` for what is not needed"))
        }
        _ => Ok(()),
    }
}

/// Bytes as a person reads them.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match ["MiB", "GiB", "TiB"]
        .into_iter()
        .zip([20, 30, 40])
        .rev()
        .find(|(_, power)| bytes >= f64::from(*power).exp2())
    {
        Some((unit, power)) => format!("{:.1} {unit}", bytes / f64::from(power).exp2()),
        None => format!("{:.0} KiB", bytes / 1024.0),
    }
}

/// Watches how a running script uses memory up.
pub(super) struct Watch {
    token: CancelToken,
    start: Instant,
    /// When the clock was read, and when the memory is to be looked at again: nanoseconds from the start.
    read: AtomicU64,
    due: AtomicU64,
    /// The clock is read when these bits of the number of operations are 0.
    mask: AtomicU64,
    seen: Mutex<Seen>,
}

/// Reading the clock takes half the time of an operation: among fast ones that is done seldom, among slow ones, such as
/// copies of something large, often.
const SELDOM: u64 = 31;
const OFTEN: u64 = 3;
const SLOW: Duration = Duration::from_micros(20);

#[derive(Default)]
struct Seen {
    /// The run of the session that is looked at.
    run: u64,
    /// Memory that was left when it began.
    first: u64,
    last: u64,
    /// What was taken between the last looks, the older ones first.
    taken: [u64; 2],
}

/// The time between two looks. In less, a script that works element by element takes some tens of megabytes at most.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A script is not stopped for memory that was short before it began, or that others take.
const OWN_USE: u64 = 128 << 20;

impl Watch {
    /// A watch over the runs that a token can stop.
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock says when to look at the memory, and changes no result"
    )]
    pub(super) fn new(token: CancelToken) -> Watch {
        let zero = || AtomicU64::new(0);
        let (read, due, mask) = (zero(), zero(), AtomicU64::new(OFTEN));
        Watch {
            token,
            start: Instant::now(),
            read,
            due,
            mask,
            seen: Mutex::default(),
        }
    }

    /// Looks how much memory is left, if it is time to; the reason if the script is to be stopped. `operations` is how
    /// many it has done.
    pub(super) fn look(&self, operations: u64) -> Option<String> {
        let mask = self.mask.load(Ordering::Relaxed);
        if operations & mask != 0 {
            return None;
        }
        let now = self.start.elapsed().as_nanos() as u64;
        let took = now.saturating_sub(self.read.swap(now, Ordering::Relaxed));
        let slow = u128::from(took) > SLOW.as_nanos() * u128::from(mask + 1);
        self.mask
            .store(if slow { OFTEN } else { SELDOM }, Ordering::Relaxed);
        if now < self.due.load(Ordering::Relaxed) {
            return None;
        }
        self.due
            .store(now + LOOK_EVERY.as_nanos() as u64, Ordering::Relaxed);
        let memory = Memory::now()?;
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        seen.judge(self.token.runs(), memory)
    }
}

impl Seen {
    fn judge(&mut self, run: u64, memory: Memory) -> Option<String> {
        let available = memory.available;
        if run != self.run {
            *self = Seen {
                run,
                first: available,
                last: available,
                taken: [0; 2],
            };
            return None;
        }
        let [earlier, before] = self.taken;
        let taken = self.last.saturating_sub(available);
        (self.last, self.taken) = (available, [before, taken]);
        if self.first.saturating_sub(available) < OWN_USE {
            return None;
        }
        // What doubles at every step, as in `s += s`, is stopped while the next step still has room: that takes twice as
        // much, and as much again while it is copied. Two steps that grow are no doubling yet: a training whose second
        // step holds more than its first grows so, too.
        let more = |than: u64, now: u64| now as f64 > 1.7 * than as f64;
        let doubles = earlier > OWN_USE / 4 && more(earlier, before) && more(before, taken);
        let next = if doubles { 5 * taken } else { 0 };
        (memory.free() <= next).then(|| {
            let (left, all) = (size(available), size(memory.total));
            let why = if doubles {
                ", which doubles from step to step"
            } else {
                ""
            };
            format!("stopped before the memory is used up{why}: {left} of {all} are left")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn memory(available_gib: f64) -> Memory {
        Memory {
            available: (available_gib * GIB as f64) as u64,
            total: 20 * GIB,
        }
    }

    #[test]
    fn sizes_are_read_as_the_system_writes_them() {
        let text = "MemTotal:       24000000 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB\n";
        assert_eq!(
            (field(text, "MemAvailable:"), field(text, "Nothing:")),
            (Some(20_000_000), None)
        );
        assert_eq!(
            [5 << 10, 3 << 20, 5 << 29, 3 << 40].map(size),
            ["5 KiB", "3.0 MiB", "2.5 GiB", "3.0 TiB"]
        );
        #[cfg(target_os = "linux")]
        assert!(Memory::now().is_some_and(|memory| memory.available <= memory.total));
    }

    #[test]
    fn what_is_too_large_is_not_made() {
        // A twentieth of 20 GiB is left to others.
        assert_eq!(fits("it", 8 * GIB, Some(memory(9.1))), Ok(()));
        let error = fits("an array", 8 * GIB, Some(memory(8.9))).unwrap_err();
        assert_eq!(
            error.message,
            "an array would take 8.0 GiB, and 7.9 GiB can be had"
        );
        assert_eq!(fits("it", u64::MAX, None), Ok(()));
        assert_eq!(room_for("it", SMALL), Ok(()));
    }

    /// The look, from 1, at which a script is stopped, and what it is told.
    fn stopped(left_gib: &[f64]) -> Option<(usize, String)> {
        let mut seen = Seen::default();
        left_gib
            .iter()
            .zip(1..)
            .find_map(|(&left, look)| Some((look, seen.judge(1, memory(left))?)))
    }

    #[test]
    fn growth_is_stopped_before_the_end() {
        let (look, message) = stopped(&[10.0, 7.0, 4.0, 1.5, 0.9, 0.5]).unwrap();
        assert_eq!(
            (look, message.as_str()),
            (
                5,
                "stopped before the memory is used up: 921.6 MiB of 20.0 GiB are left"
            )
        );
        // 1, 2 and 4 GiB more at each step, and the next would take 8 and as many for a copy.
        let (look, message) = stopped(&[16.0, 15.0, 13.0, 9.0, 1.0]).unwrap();
        assert_eq!(
            (look, message.as_str()),
            (
                4,
                "stopped before the memory is used up, which doubles from step to step: 9.0 GiB of 20.0 GiB are left"
            )
        );
        // A step that holds 3 GiB after one that held 1.5.
        assert_eq!(stopped(&[18.0, 16.5, 13.5, 13.5, 13.4]), None);
    }

    #[test]
    fn others_that_take_memory_stop_no_script() {
        assert_eq!(stopped(&[0.5, 0.5, 0.45]), None);
        // The same in the next run.
        let mut seen = Seen::default();
        assert_eq!(
            [(1, 3.0), (2, 0.5), (2, 0.5)].map(|(run, left)| seen.judge(run, memory(left))),
            [None, None, None]
        );
    }
}

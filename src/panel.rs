//! The state of long work in a few rows at the foot of the output, drawn anew in place.

use auricle_session::script::{Progress, curve_rows};
use console::truncate_str;
use std::time::{Duration, Instant};

/// The rows are drawn again that often at most.
const EVERY: Duration = Duration::from_millis(200);

/// Cells of the bar and of the curve.
const BAR: usize = 24;
const CURVE: [usize; 2] = [48, 4];

/// What is drawn, and since when the work goes on.
#[derive(Default)]
pub(crate) struct Panel {
    rows: Vec<String>,
    drawn: Option<Instant>,
    begun: Option<Begun>,
}

/// The first state of a piece of work.
struct Begun {
    at: Instant,
    done: u64,
    total: u64,
    last: u64,
}

impl Panel {
    /// Takes over a state; gives what must be written, if anything.
    pub(crate) fn update(&mut self, progress: &Progress, columns: usize) -> Option<String> {
        if progress.finished {
            return Some(self.clear());
        }
        let now = Instant::now();
        let elapsed = self.elapsed(progress, now);
        if self
            .drawn
            .is_some_and(|drawn| now.duration_since(drawn) < EVERY)
        {
            return None;
        }
        let erase = self.erase();
        self.drawn = Some(now);
        self.rows = rows(progress, elapsed);
        for row in &mut self.rows {
            // A row that wraps, as one with wide characters or an end of line may, could not be taken away again.
            let plain: String = row
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            *row = truncate_str(&plain, columns.saturating_sub(1), "").into_owned();
        }
        Some(format!("{erase}{}", self.draw()))
    }

    /// Seconds that the work has gone on and the steps done in them.
    fn elapsed(&mut self, progress: &Progress, now: Instant) -> (f64, u64) {
        let goes_on = self
            .begun
            .as_ref()
            .is_some_and(|b| b.total == progress.total && b.last <= progress.done);
        if !goes_on {
            self.begun = None;
        }
        let Progress { done, total, .. } = *progress;
        let begun = self.begun.get_or_insert(Begun {
            at: now,
            done,
            total,
            last: done,
        });
        begun.last = done;
        (
            now.duration_since(begun.at).as_secs_f64(),
            done - begun.done,
        )
    }

    /// What takes the rows away; they can be drawn again.
    pub(crate) fn erase(&self) -> String {
        match self.rows.len() {
            0 => String::new(),
            1 => "\r\x1b[J".into(),
            n => format!("\r\x1b[{}A\x1b[J", n - 1),
        }
    }

    /// What draws the rows.
    pub(crate) fn draw(&self) -> String {
        self.rows.join("\n")
    }

    /// Forgets the work; gives what takes the rows away.
    pub(crate) fn clear(&mut self) -> String {
        let erase = self.erase();
        *self = Panel::default();
        erase
    }
}

fn rows(progress: &Progress, (seconds, steps): (f64, u64)) -> Vec<String> {
    let Progress {
        title,
        done,
        total,
        figures,
        curve,
        left_s,
        ..
    } = progress;
    let mut first = title.clone();
    if *total > 0 {
        let share = *done as f64 / *total as f64;
        first += &format!(
            " {} {:>3} % {done}/{total}",
            bar(share),
            (100.0 * share) as u64
        );
    } else {
        first += &format!(" {done}");
    }
    if figures.is_empty() && steps > 0 && seconds > 0.0 {
        first += &format!(", {}/s", short(steps as f64 / seconds));
    }
    // Work that does not know when it ends is taken to go on as it did.
    let expected = (steps > 0).then(|| seconds / steps as f64 * total.saturating_sub(*done) as f64);
    if let Some(left) = left_s.or(expected).filter(|_| *total > 0) {
        first += &format!(", {} left", duration(left));
    }
    let mut rows = vec![first];
    if !figures.is_empty() {
        rows.push(figures.clone());
    }
    if curve.len() > 1 {
        rows.extend(
            curve_rows(curve, 1, CURVE[0], CURVE[1])
                .lines()
                .map(str::to_owned),
        );
    }
    rows
}

fn bar(share: f64) -> String {
    const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
    let eighths = (share.clamp(0.0, 1.0) * (8 * BAR) as f64) as usize;
    (0..BAR)
        .map(|cell| EIGHTHS[eighths.saturating_sub(8 * cell).min(8)])
        .collect()
}

fn short(number: f64) -> String {
    if number < 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}

/// A duration as a person says it.
pub(crate) fn duration(seconds: f64) -> String {
    let s = seconds.clamp(0.0, 1e9) as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(59.9), "59 s");
        assert_eq!(duration(61.0), "1 min 01 s");
        assert_eq!(duration(3700.0), "1 h 01 min");
        assert_eq!(duration(f64::INFINITY), "277777 h 46 min");
    }

    fn state(done: u64) -> Progress {
        Progress {
            title: "work".into(),
            done,
            total: 8,
            ..Progress::default()
        }
    }

    #[test]
    fn rows_say_how_far_the_work_is() {
        assert_eq!(bar(0.5), format!("{}{}", "█".repeat(12), " ".repeat(12)));
        assert_eq!(bar(1.0 / 192.0), format!("▏{}", " ".repeat(23)));
        let full = format!("work {} 100 % 8/8", "█".repeat(24));
        assert_eq!(rows(&state(8), (0.0, 0)), [full]);
        assert!(rows(&state(4), (2.0, 4))[0].ends_with(" 50 % 4/8, 2.0/s, 2 s left"));
        let open = Progress {
            total: 0,
            ..state(5)
        };
        assert_eq!(rows(&open, (1.0, 20)), ["work 5, 20/s"]);
        let training = Progress {
            figures: "loss 1".into(),
            left_s: Some(61.0),
            curve: vec![2.0, 1.0],
            ..state(4)
        };
        let rows = rows(&training, (2.0, 4));
        assert!(rows[0].ends_with(" 50 % 4/8, 1 min 01 s left"), "{rows:?}");
        assert_eq!((rows[1].as_str(), rows.len()), ("loss 1", 2 + 4 + 1));
        assert!(rows[2].starts_with("2.0000 ┤"));
    }

    #[test]
    fn a_row_fits_whatever_its_title_is() {
        for title in [
            "音".repeat(60),
            "a\nb\tc\r".into(),
            "\u{1b}[31mred".into(),
            "e\u{301}".repeat(60),
        ] {
            let mut panel = Panel::default();
            let text = panel
                .update(
                    &Progress {
                        title: title.clone(),
                        ..state(1)
                    },
                    40,
                )
                .unwrap();
            let cells: usize = text
                .chars()
                .map(|c| {
                    if c == '音' {
                        2
                    } else {
                        usize::from(c != '\u{301}')
                    }
                })
                .sum();
            assert!(cells < 40, "{text:?}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }

    #[test]
    fn rows_are_taken_away_before_they_are_drawn_again() {
        let mut panel = Panel::default();
        let first = panel
            .update(
                &Progress {
                    figures: "f".into(),
                    ..state(1)
                },
                40,
            )
            .unwrap();
        assert!(
            first.starts_with("work ") && first.ends_with("\nf"),
            "{first:?}"
        );
        assert!(first.lines().all(|line| line.chars().count() < 40));
        assert_eq!(panel.update(&state(2), 40), None, "not that soon");
        assert_eq!(panel.erase(), "\r\x1b[1A\x1b[J");
        let last = panel.update(
            &Progress {
                finished: true,
                ..state(8)
            },
            40,
        );
        assert_eq!(
            (last.as_deref(), panel.draw().as_str()),
            (Some("\r\x1b[1A\x1b[J"), "")
        );
        assert_eq!(panel.clear(), "");
    }
}

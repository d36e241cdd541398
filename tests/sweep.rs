//! Sweeps that are killed, resumed and shared: every point is done once, and the table is that of a sweep left alone.

use crate::cli::{auricle, err, out};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// Points are of some ten milliseconds; what comes out at one depends on nothing but the point.
const SCRIPT: &str = "\
let r = sweep(#{ seconds: [1, 2, 3, 4], seed: [0, 1, 2, 3, 4, 5] }, |p| {
    let sound = white_noise(p.seconds, #{ seed: p.seed });
    for i in 0..4 { sound = sound |> pitch_shift(1); }
    #{ sample: sound.samples()[100] }
}, #{ out: args[0], quiet: true });
print(r.table());
";
const N_POINTS: usize = 24;

fn start(folder: &Path, study: &str) -> Command {
    let mut command = auricle();
    command
        .current_dir(folder)
        .args(["run", "sweep.rhai", study]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The table at the end of a run that nobody stops.
fn table(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    out(&output)
}

/// The points that are done, each with the moment at which it was.
fn points(folder: &Path) -> BTreeMap<String, SystemTime> {
    let entries = std::fs::read_dir(folder.join("points"));
    let done = entries.into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let modified = entry.metadata().ok()?.modified().ok()?;
        name.ends_with(".json").then_some((name, modified))
    });
    done.collect()
}

#[test]
fn a_sweep_killed_five_times_and_shared_by_two_does_every_point_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("sweep.rhai"), SCRIPT).unwrap();
    let whole = table(start(at, "whole").spawn().unwrap());
    assert_eq!(points(&at.join("whole")).len(), N_POINTS);

    let killed = at.join("killed");
    let mut done = BTreeMap::new();
    for (kill, wait_ms) in [0, 7, 3, 12, 5].into_iter().enumerate() {
        let mut child = start(at, "killed").spawn().unwrap();
        let more = done.len() + 2 + kill % 3;
        while points(&killed).len() < more {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = points(&killed);
        assert!(done.iter().all(|(name, made)| now[name] == *made));
        done = now;
    }
    assert!(done.len() < N_POINTS, "there is something left to share");

    let both = [0, 1].map(|_| start(at, "killed").spawn().unwrap());
    // Who ends first may not see the last point of the other.
    assert!(both.map(table).contains(&whole));
    let last = points(&killed);
    assert_eq!(last.len(), N_POINTS);
    assert!(done.iter().all(|(name, made)| last[name] == *made));
    // Once more: all is there, nothing is made.
    assert_eq!(table(start(at, "killed").spawn().unwrap()), whole);
    assert_eq!(points(&killed), last);
}

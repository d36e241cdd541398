//! Random sequences of runs that come to every kind of end, on a small tree of sounds that changes in between: nothing that
//! was finished loses its record, nothing that is stale is kept, and nothing is made twice.
//!
//! Six sequences run with the other tests; `AURICLE_SEQUENCES=1000` runs as many. Every run is a process of its own: this
//! test program, started once more for the one test that does what it is told.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, also where a helper notices it; runs are killed by the clock"
)]

use super::hash::FileContent;
use super::{AugmentFiles, Encoding, Ended, Entry, Shard};
use crate::augment::{Recipe, Views};
use crate::io::{SampleFormat, write_wav};
use crate::{Rng, Waveform};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const JOB: &str = "AURICLE_TEST_JOB";

/// Does what the variable says, as a process that may be killed. Without it there is nothing to do.
#[test]
fn a_run_in_a_process_of_its_own() {
    let Ok(job) = std::env::var(JOB) else { return };
    let job: Value = serde_json::from_str(&job).unwrap();
    let text = |name: &str| job[name].as_str().unwrap().to_owned();
    let files = AugmentFiles {
        views: Views::of(
            job["views"].as_i64().unwrap(),
            &Recipe::from_json(&job["recipe"]).unwrap(),
        )
        .unwrap(),
        seed: job["seed"].as_u64().unwrap(),
        out: text("out").into(),
        encoding: Encoding::named("wav", job["bits"].as_u64().unwrap() as u16).unwrap(),
        shard: Shard::parse(&text("shard")).unwrap(),
        n_jobs: NonZeroUsize::new(2).unwrap(),
        memory: None,
        resume: job["resume"].as_bool().unwrap(),
        overwrite: false,
        strict: false,
    };
    let plan = files.plan(&[text("in").into()]).unwrap();
    let (asked, most) = (
        AtomicUsize::new(0),
        job["stop_after"].as_u64().unwrap() as usize,
    );
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= most;
    let summary = files.run(&plan, &stop, &mut |_| ()).unwrap();
    let ended = match &summary.ended {
        Ended::Complete => "complete".to_owned(),
        Ended::Stopped => "stopped".to_owned(),
        Ended::Broken(error) => format!("broken: {error}"),
    };
    let told = json!({ "ended": ended, "kept": summary.n_kept, "written": summary.n_written });
    std::fs::write(text("told"), told.to_string()).unwrap();
}

/// The world of one sequence.
struct World {
    root: PathBuf,
    rng: Rng,
    /// Outputs that something other than a run has changed since they were made, as they are now.
    damaged: HashMap<String, FileContent>,
    usual: Duration,
    n_told: usize,
}

/// How a run is asked for.
#[derive(Clone, Copy)]
struct Asked {
    seed: u64,
    bits: u64,
    shard: (usize, usize),
    resume: bool,
    stop_after: u64,
    /// Size that no file may come to have, in blocks of 512 bytes: writing beyond it fails as on a full disk.
    room: Option<usize>,
}

/// What every sequence ends with.
const LAST: Asked = Asked {
    seed: 0,
    bits: 32,
    shard: (1, 1),
    resume: true,
    stop_after: u64::MAX,
    room: None,
};

impl World {
    fn new(root: &Path, index: u64) -> World {
        let mut world = World {
            root: root.to_owned(),
            rng: Rng::from_words(&[index, 77]),
            damaged: HashMap::new(),
            usual: Duration::from_millis(60),
            n_told: 0,
        };
        for name in [
            "in/a.wav",
            "in/b.wav",
            "in/deep/c.wav",
            "in/deep/d.wav",
            "in/e.wav",
            "noise/x.wav",
            "noise/y.wav",
        ] {
            world.sound(name);
        }
        world
    }

    /// Another sound in a file, of one of few lengths.
    fn sound(&mut self, name: &str) {
        let mut samples = vec![0.0; [400, 2000][self.rng.below(2)]];
        self.rng.fill_normal(&mut samples);
        samples.iter_mut().for_each(|x| *x *= 0.1);
        let wave = Waveform::mono(samples, 8000).unwrap();
        write_wav(&self.root.join(name), &wave, SampleFormat::Float32).unwrap();
    }

    fn start(&mut self, asked: &Asked, out: &str) -> (Child, PathBuf) {
        let noise = self.root.join("noise").display().to_string();
        self.n_told += 1;
        let told = self.root.join(format!("told{}", self.n_told));
        let job = json!({
            "in": self.root.join("in"), "out": self.root.join(out), "told": told,
            "recipe": [{ "gain": {} }, { "background": { "paths": noise } }],
            "views": 2, "seed": asked.seed, "bits": asked.bits, "resume": asked.resume, "stop_after": asked.stop_after,
            "shard": format!("{}/{}", asked.shard.0, asked.shard.1),
        });
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("sh");
        // Where the signal is ignored the write fails, with whatever of it had room.
        let limit = asked
            .room
            .map(|blocks| format!("trap '' XFSZ; ulimit -f {blocks}; "))
            .unwrap_or_default();
        command
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\"")])
            .arg(program);
        let name = "dataset::augment_files::sequences::a_run_in_a_process_of_its_own";
        command
            .args(["--exact", name, "--quiet"])
            .env(JOB, job.to_string())
            .env_remove("RUST_BACKTRACE");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        (command.spawn().unwrap(), told)
    }

    /// Waits for a run, or kills it on the way.
    fn end(&mut self, mut child: Child, kill: bool) {
        let started = Instant::now();
        if kill {
            std::thread::sleep(self.usual.mul_f64(self.rng.range(0.0, 1.4)));
            let _ = child.kill();
            child.wait().unwrap();
        } else {
            child.wait().unwrap();
            self.usual = (self.usual + started.elapsed()) / 2;
        }
    }

    fn run(&mut self) {
        let mut asked = Asked {
            seed: self.rng.below(3) as u64 / 2,
            ..LAST
        };
        asked.bits = [32, 32, 32, 16][self.rng.below(4)];
        asked.resume = self.rng.below(4) > 0;
        let (mut kill, mut together) = (false, false);
        match self.rng.below(8) {
            0..=2 => kill = true,
            3 => asked.stop_after = self.rng.below(5) as u64,
            4 | 5 => asked.room = Some(1 + self.rng.below(24)),
            6 => together = true,
            _ => {}
        }
        match self.rng.below(4) {
            0 => {
                // Two parts at once.
                let first = self
                    .start(
                        &Asked {
                            shard: (1, 2),
                            ..asked
                        },
                        "out",
                    )
                    .0;
                let second = self
                    .start(
                        &Asked {
                            shard: (2, 2),
                            ..asked
                        },
                        "out",
                    )
                    .0;
                self.end(first, kill);
                self.end(second, false);
            }
            1 => {
                let part = 1 + self.rng.below(2);
                let child = self
                    .start(
                        &Asked {
                            shard: (part, 2),
                            ..asked
                        },
                        "out",
                    )
                    .0;
                self.end(child, kill);
            }
            _ => {
                let first = self.start(&asked, "out").0;
                // One that must be refused, or comes when the other has ended.
                let second = together.then(|| self.start(&asked, "out").0);
                self.end(first, kill);
                if let Some(second) = second {
                    self.end(second, false);
                }
            }
        }
    }

    /// Changes an input, a noise or an output, or nothing.
    fn disturb(&mut self) {
        match self.rng.below(8) {
            0 => self.sound("in/a.wav"),
            1 => self.sound("in/deep/d.wav"),
            2 => {
                let name = ["in/aa.wav", "in/f.wav"][self.rng.below(2)];
                self.sound(name);
            }
            3 => drop(std::fs::remove_file(self.root.join("in/aa.wav"))),
            4 => {
                let name = ["noise/x.wav", "noise/z.wav"][self.rng.below(2)];
                self.sound(name);
            }
            5 | 6 => {
                let outputs: Vec<String> = self.outputs("out").into_keys().collect();
                if outputs.is_empty() {
                    return;
                }
                let name = outputs[self.rng.below(outputs.len())].clone();
                let path = self.root.join("out").join(&name);
                let mut bytes = std::fs::read(&path).unwrap();
                let time = path.metadata().unwrap().modified().unwrap();
                let at = self.rng.below(bytes.len());
                if self.rng.below(2) == 0 {
                    bytes.truncate(at);
                } else {
                    bytes[at] ^= 1;
                }
                std::fs::write(&path, bytes).unwrap();
                std::fs::File::options()
                    .write(true)
                    .open(&path)
                    .and_then(|file| file.set_modified(time))
                    .unwrap();
                self.damaged.insert(name, FileContent::read(&path).unwrap());
            }
            _ => {}
        }
    }

    fn outputs(&self, out: &str) -> BTreeMap<String, FileContent> {
        let files = files(&self.root.join(out));
        files
            .into_iter()
            .filter(|(name, _)| name.ends_with(".wav"))
            .collect()
    }

    /// All lines of all manifests, complete or growing.
    fn lines(&self) -> Vec<String> {
        let mut found = Vec::new();
        for name in files(&self.root.join("out"))
            .into_keys()
            .filter(|name| name.contains(".jsonl"))
        {
            let text = std::fs::read_to_string(self.root.join("out").join(&name)).unwrap();
            let (lines, torn): (Vec<&str>, Vec<&str>) = text
                .lines()
                .partition(|line| serde_json::from_str::<Entry>(line).is_ok());
            assert!(
                torn.is_empty() || name.ends_with(".partial"),
                "{name} is complete and has torn lines"
            );
            found.extend(lines.into_iter().map(str::to_owned));
        }
        found
    }

    /// Every output that is there has its record.
    fn check(&self, when: &str) {
        let entries = self
            .lines()
            .into_iter()
            .map(|line| serde_json::from_str::<Entry>(&line).unwrap());
        let recorded: HashSet<_> = entries
            .filter_map(|entry| Some((entry.output?, entry.output_bytes, entry.output_xxh3)))
            .collect();
        for (name, content) in self.outputs("out") {
            let known = recorded.contains(&(name.clone(), content.n_bytes, content.text()));
            assert!(
                known || self.damaged.get(&name) == Some(&content),
                "{when}: the record of {name} is lost"
            );
        }
    }

    /// Comes to the end in peace: what is there then is what one run would have made.
    fn conclude(&mut self, when: &str) {
        let inputs = files(&self.root.join("in"));
        let (fresh, told) = self.start(&LAST, "fresh");
        self.end(fresh, false);
        let text =
            std::fs::read_to_string(&told).unwrap_or_else(|_| panic!("{when}: a first run ends"));
        assert!(text.contains("complete"), "{when}: {text}");
        let want = self.outputs("fresh");
        // What need not be made again is there and recorded as it would be now.
        let lines = |out: &str| {
            std::fs::read_to_string(self.root.join(out).join("manifest.jsonl")).unwrap()
        };
        let (fresh, there, recorded) = (lines("fresh"), self.outputs("out"), self.lines());
        let is_good = |line: &&str| {
            let output = serde_json::from_str::<Entry>(line).unwrap().output.unwrap();
            there.get(&output) == want.get(&output)
                && recorded.iter().any(|recorded| recorded == line)
        };
        let good = fresh.lines().filter(is_good).count();
        let (last, told) = self.start(&LAST, "out");
        self.end(last, false);
        let text =
            std::fs::read_to_string(&told).unwrap_or_else(|_| panic!("{when}: the last run ends"));
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["ended"], "complete", "{when}");
        let (kept, written) = (
            told["kept"].as_u64().unwrap() as usize,
            told["written"].as_u64().unwrap() as usize,
        );
        assert_eq!(
            (kept, written),
            (good, want.len() - good),
            "{when}: kept and written"
        );
        let made = self.outputs("out");
        for (name, content) in &want {
            assert_eq!(made.get(name), Some(content), "{when}: {name} is stale");
        }
        let text = std::fs::read_to_string(self.root.join("out/manifest.jsonl")).unwrap();
        assert!(text.starts_with(&fresh), "{when}: another manifest");
        let left: Vec<String> = files(&self.root.join("out"))
            .into_keys()
            .filter(|name| name.contains(".auricle-"))
            .collect();
        assert!(left.is_empty(), "{when}: {left:?} are left");
        assert!(!self.root.join("out/manifest.jsonl.partial").exists());
        assert_eq!(
            files(&self.root.join("in")),
            inputs,
            "{when}: inputs have changed"
        );
        self.check(when);
    }
}

/// Every file of a folder by its path inside.
fn files(folder: &Path) -> BTreeMap<String, FileContent> {
    let all = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file());
    all.map(|entry| {
        let name = entry
            .path()
            .strip_prefix(folder)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        (name, FileContent::read(entry.path()).unwrap())
    })
    .collect()
}

#[test]
fn no_sequence_of_runs_and_ends_loses_a_record_or_keeps_what_is_stale() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let (first, n) = (
        number("AURICLE_FIRST_SEQUENCE").unwrap_or(0),
        number("AURICLE_SEQUENCES").unwrap_or(6),
    );
    for index in first..first + n {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(folder.path(), index);
        for step in 0..2 + world.rng.below(6) {
            world.run();
            world.check(&format!("sequence {index}, step {step}"));
            world.disturb();
        }
        world.conclude(&format!("sequence {index}, end"));
    }
}

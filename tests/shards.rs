//! `auricle pack`, and training on what it packs: the same shards however the work is divided, and the same run however
//! often it is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = crate::cli::auricle();
    command.current_dir(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap() + &*error
}

/// Thirty sounds in folders of three classes, and a table that lists them with their speakers.
fn sounds(folder: &Path) {
    let mut table = "path,label,speaker\n".to_owned();
    for i in 0..30 {
        let class = ["low", "mid", "high"][i % 3];
        let sample = |t: usize| 0.3 * ((t * (i % 3 + 1)) as f32 * 0.2 + i as f32).sin();
        let wave = auricle_audio::Waveform::mono((0..1600).map(sample).collect(), 8000).unwrap();
        let name = format!("{class}/clip.{i}.wav");
        let format = auricle_audio::io::SampleFormat::Int16;
        auricle_audio::io::write_wav(&folder.join("in").join(&name), &wave, format).unwrap();
        table += &format!("{name},{class},p{}\n", i % 4);
    }
    std::fs::write(folder.join("in/table.csv"), table).unwrap();
}

/// The shards of a folder.
fn shards(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(&path).unwrap())
    };
    paths.map(read).collect()
}

#[test]
fn shares_of_the_work_and_resumed_runs_make_the_shards_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sounds(at);
    for format in ["tar", "parquet"] {
        let (whole, parts) = (format!("{format}-whole"), format!("{format}-parts"));
        let pack = [
            "pack",
            "in",
            "--format",
            format,
            "--shard-size",
            "8",
            "--out",
        ];
        let said = done(at, &[&pack[..], &[&whole]].concat());
        assert!(said.contains("30 clips packed into 4 shards"), "{said}");
        for shard in ["2/2", "1/2"] {
            done(at, &[&pack[..], &[&parts, "--shard", shard]].concat());
        }
        let want = shards(&at.join(&whole));
        assert_eq!(want, shards(&at.join(&parts)));
        std::fs::remove_file(at.join(&parts).join(format!("shard-00002.{format}"))).unwrap();
        let refused = run(at, &[&pack[..], &[&parts]].concat());
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--resume"));
        let said = done(at, &[&pack[..], &[&parts, "--resume"]].concat());
        assert!(
            said.contains("8 clips packed into 1 shards, 22 were there"),
            "{said}"
        );
        assert_eq!(want, shards(&at.join(&parts)));
        let other = [
            "pack", "in/low", "--format", format, "--resume", "--out", &parts,
        ];
        assert_eq!(run(at, &other).status.code(), Some(2));
    }
}

#[test]
fn a_table_gives_labels_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sounds(at);
    for format in ["tar", "parquet"] {
        let columns = ["--columns", "speaker", "--format", format];
        done(
            at,
            &[&["pack", "in/table.csv", "--out", format], &columns[..]].concat(),
        );
        let script = format!(
            "let s = shards(\"{format}\"); assert(s.labels == [\"high\", \"low\", \"mid\"] && s.n == 30); \
             let d = s.take(30); assert(d[5].speaker == \"p1\" && d[5].label == \"high\" && d[5].path == \"high/clip.5.wav\"); \
             assert(d.split(\"group:speaker\").test.n > 0)"
        );
        std::fs::write(at.join("look.rhai"), script).unwrap();
        done(at, &["look.rhai"]);
    }
    let missing = run(
        at,
        &["pack", "in/table.csv", "--path", "file", "--out", "no"],
    );
    assert_eq!(missing.status.code(), Some(1));
    std::fs::write(at.join("in/low/broken.wav"), "no sound").unwrap();
    let broken = run(at, &["pack", "in", "--out", "no"]);
    assert!(String::from_utf8_lossy(&broken.stderr).contains("broken.wav`: this is no sound file"));
    assert!(!at.join("no/shard-00000.tar").exists());
}

const TRAINING: &str = r#"
let data = shards("packed", #{ buffer: 7, open: 2 });
let view = gain(-6..6) |> noise(5..30) |> log_mel(#{ n_mels: 24 });
let run = simclr(resnet18(#{ width: 4 }), data, #{ recipe: views(2, view), epochs: 10, batch: 6 });
print(run.fit());
"#;

fn model(folder: &Path) -> Vec<u8> {
    let mut runs = std::fs::read_dir(folder.join("runs")).unwrap();
    let run = runs.next().unwrap().unwrap().path();
    std::fs::read(run.join("model.safetensors")).unwrap()
}

#[test]
fn a_killed_run_on_shards_ends_as_if_nothing_had_been() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |name: &str| {
        let at = folder.path().join(name);
        sounds(&at);
        done(&at, &["pack", "in", "--out", "packed", "--shard-size", "8"]);
        std::fs::write(at.join("train.rhai"), TRAINING).unwrap();
        at
    };
    let whole = begin("whole");
    let begun = Instant::now();
    done(&whole, &["train.rhai", "--threads", "1"]);
    let duration = begun.elapsed();
    let want = model(&whole);
    let mut resumed = 0;
    for attempt in 0..5u32 {
        let again = begin(&format!("again-{attempt}"));
        let mut child = command(&again, &["train.rhai", "--threads", "3"]);
        let child = child.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        std::thread::sleep(duration.mul_f64((f64::from(attempt) + 0.7) / 5.0));
        // An interrupt is kept at the step where it comes; a kill, at the last checkpoint.
        match attempt % 2 {
            0 => child.kill().unwrap(),
            _ => interrupt(child.id()),
        }
        wait(&mut child);
        let said = done(&again, &["train.rhai"]);
        resumed += usize::from(said.contains("going on after"));
        assert!(
            model(&again) == want,
            "attempt {attempt}: the weights differ"
        );
    }
    assert!(
        resumed >= 2,
        "only {resumed} of 5 runs were cut in the middle"
    );
}

fn interrupt(id: u32) {
    let kill = Command::new("kill")
        .args(["-INT", &id.to_string()])
        .status();
    assert!(kill.is_ok(), "`kill` is there");
}

fn wait(child: &mut std::process::Child) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it does not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn clips_that_cannot_be_decoded_are_an_error_or_are_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    sounds(at);
    done(at, &["pack", "in", "--out", "packed", "--shard-size", "8"]);
    // Its bytes are no sound any more, but where it lies is as it was.
    let path = at.join("packed/shard-00001.tar");
    let mut bytes = std::fs::read(&path).unwrap();
    let head = bytes.windows(4).position(|four| four == b"RIFF").unwrap();
    bytes[head..head + 4].copy_from_slice(b"????");
    std::fs::write(&path, bytes).unwrap();
    let script = |broken: &str| {
        let text = format!(
            "let s = shards(\"packed\", #{{ broken: \"{broken}\" }}); let n = 0; \
             for batch in s.batches(10, #{{ drop_last: false, recipe: log_mel(#{{ n_mels: 8 }}) }}) {{ n += batch.ids.len(); }} \
             print(`${{n}} clips, ${{s.broken.len()}} broken`)"
        );
        std::fs::write(at.join("read.rhai"), text).unwrap();
        run(at, &["read.rhai"])
    };
    let strict = script("error");
    let error = String::from_utf8_lossy(&strict.stderr);
    assert_eq!(strict.status.code(), Some(1));
    assert!(error.contains("shard-00001.tar/000000008.wav`"), "{error}");
    assert!(error.contains("leave out"), "{error}");
    let lenient = script("leave out");
    let (said, noted) = (
        String::from_utf8_lossy(&lenient.stdout),
        String::from_utf8_lossy(&lenient.stderr),
    );
    assert!(said.contains("29 clips, 1 broken"), "{said}{noted}");
    assert!(
        noted.contains("left out: ") && noted.contains("000000008.wav"),
        "{noted}"
    );
}

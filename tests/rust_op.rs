//! Operators of Rust through the program: what is built, what is refused, and that nothing is lost by it.

use std::path::Path;
use std::process::Output;

/// Runs the program in a folder, with a cache of its own there.
fn auricle(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = crate::cli::auricle();
    command.current_dir(folder).args(arguments);
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    command.envs(environment.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// Operators that go wrong, each with what is said of it.
const BAD: &[(&str, &str)] = &[
    (
        "fn f(x: &mut [f32]) { let n: f32 = x.len(); }",
        "mismatched types, line 1: expected `f32`, found `usize`",
    ),
    (
        "fn f(x: &mut [f32]) { missing(x); }",
        "cannot find function `missing` in this scope, line 1",
    ),
    (
        "fn f(x: &[f32]) { }",
        "`f` must take its samples as `&mut [f32]`",
    ),
    (
        "async fn f(x: &mut [f32]) { }",
        "`f` must be a plain function, not an async one, line 1",
    ),
    (
        "const NO: () = panic!(\"no\");\\nfn f(x: &mut [f32]) { NO }",
        "evaluation panicked: no, line 1",
    ),
    (
        "fn f(x: &mut [f32]) { let n = x.len(); x[n] = 0.0; }",
        "`f` panicked (line 1: index out of bounds: the len is 16000 but the index is 16000), given 16000 samples of noise",
    ),
    (
        "/// by: 0..1, default 1\\nfn f(x: &mut [f32], by: f32) { for v in x { *v /= by; } }",
        "inf at 0, given 16000 samples of noise with by 0",
    ),
    (
        "fn f(x: &mut [f32]) { for v in x { *v = f32::NAN; } }",
        "`f` gives NaN at 0, given 16000 samples of noise",
    ),
    (
        "use std::sync::atomic::*;\\nstatic N: AtomicU32 = AtomicU32::new(0);\\n\
         fn f(x: &mut [f32]) { for v in x { *v = N.fetch_add(1, Ordering::Relaxed) as f32; } }",
        "`f` gives something else for the same when it is called again",
    ),
    (
        "fn f(x: &mut [f32]) { loop { std::hint::black_box(&x); } }",
        "it did not end within 2 s of work",
    ),
    (
        "fn f(x: &mut [f32]) { unsafe { std::ptr::null_mut::<f32>().write_volatile(x.len() as f32); } }",
        "it crashed: it read or wrote memory that is not its own when `f` was given 16000 samples of noise",
    ),
    (
        "fn g(n: u64) -> u64 { std::hint::black_box([n; 64])[1] + if n > 0 { g(n + 1) } else { 0 } }\\n\
         fn f(x: &mut [f32]) { x[0] = g(1) as f32; }",
        "it overflowed its stack",
    ),
    (
        "fn f(x: &mut [f32]) { let mut kept = Vec::new(); loop { kept.push(Vec::<f32>::with_capacity(1 << 27)); std::hint::black_box(&mut kept); x[0] += 1.0; } }",
        "it took too much memory (memory allocation of 536870912 bytes failed)",
    ),
    (
        "fn f(_x: &mut [f32]) { std::process::exit(0); }",
        "it ended the whole process",
    ),
    (
        "fn f(_x: &mut [f32]) { std::process::abort(); }",
        "it aborted",
    ),
];

#[test]
fn every_bad_operator_is_one_message_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = "let kept = 41;\n".to_owned();
    for (source, _) in BAD {
        let source = source.replace('"', "\\\"");
        script +=
            &format!("try {{ rust_op(\"{source}\"); print(\"fine\") }} catch (e) {{ print(e) }}\n");
    }
    script += "print(kept + 1);\n";
    let file = folder.path().join("bad.rhai");
    std::fs::write(&file, script).unwrap();
    let output = auricle(folder.path(), &["run", "bad.rhai"], &[]);
    assert!(output.status.success(), "{}", said(&output));
    let lines: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(lines.len(), BAD.len() + 1, "{lines:#?}");
    for ((source, want), line) in BAD.iter().zip(&lines) {
        assert!(
            line.contains(want),
            "{source}\n  wanted {want}\n  got    {line}"
        );
    }
    assert_eq!(lines.last().map(String::as_str), Some("42"));
}

#[test]
fn a_file_is_built_once_and_runs_without_a_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let source = "/// Bends the wave softly.\n/// drive: how hard, 1..20, default 4\n\
                  fn softclip(x: &mut [f32], sample_rate: u32, drive: f32) { for v in x { *v = (drive * *v).tanh(); } }\n";
    std::fs::write(folder.path().join("softclip.rs"), source).unwrap();
    let built = auricle(folder.path(), &["build-op", "softclip.rs"], &[]);
    assert_eq!(
        said(&built),
        "softclip(#{ drive: 4 })  Bends the wave softly.\nbuilt softclip.op\n"
    );
    let script = "let x = tone(440, 0.1);\nlet a = x |> rust_op(\"softclip.op\", #{ drive: 3 });\n\
                  print(a == (x |> rust_op(\"softclip.rs\", #{ drive: 3 })));\n";
    std::fs::write(folder.path().join("a.rhai"), script).unwrap();
    let none = [("RUSTC", "no-such-compiler")];
    // What was compiled for the second line is kept beside the clips.
    let with = auricle(folder.path(), &["run", "a.rhai"], &[]);
    assert_eq!(said(&with), "true\n");
    let without = auricle(folder.path(), &["run", "a.rhai"], &none);
    assert_eq!(said(&without), "true\n");
    std::fs::remove_dir_all(folder.path().join("cache")).unwrap();
    let told = said(&auricle(folder.path(), &["run", "a.rhai"], &none));
    assert!(
        told.contains(
            "there is no Rust compiler on this machine: `no-such-compiler` does not start"
        ),
        "{told}"
    );
    assert!(
        told.contains("a.rhai:3:18") && told.contains("install Rust from https://rustup.rs"),
        "{told}"
    );
    let told = said(&auricle(folder.path(), &["build-op", "nothing.rs"], &[]));
    assert!(
        told.starts_with("error: `nothing.rs`: No such file"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_compiler_that_breaks_or_is_killed_is_a_message() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.rs"),
        "fn f(x: &mut [f32]) { x.reverse(); }",
    )
    .unwrap();
    for (body, want) in [
        (
            "echo \"thread 'rustc' panicked at here\" >&2; exit 101",
            "the Rust compiler broke (exit status: 101): thread 'rustc' panicked at here",
        ),
        (
            "kill -9 $$",
            "the Rust compiler ended without a word (signal: 9 (SIGKILL))",
        ),
    ] {
        let compiler = folder.path().join("compiler");
        std::fs::write(&compiler, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
        let compiler = compiler.display().to_string();
        let output = auricle(
            folder.path(),
            &["build-op", "a.rs"],
            &[("RUSTC", &compiler)],
        );
        assert!(said(&output).contains(want), "{}", said(&output));
        assert!(!folder.path().join("a.op").exists());
    }
}

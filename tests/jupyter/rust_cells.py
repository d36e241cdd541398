"""Cells of Rust under Jupyter's own client: operators, plain Rust, and what goes wrong in either.

Needs `auricle` installed as a kernel (as `conformance.py`) and rustc. Plain Rust is tried where `auricle-rust-cells` is on the path;
building it takes minutes: `cargo install --locked --path rust-cells`. With `--times`, what must be quick is judged, too.

    python tests/jupyter/rust_cells.py [--times]
"""

import re
import shutil
import sys
import threading
import time

from jupyter_client.manager import start_new_kernel

COLOUR = re.compile("\x1b\\[[0-9;]*m")
SOFTCLIP = """%%rust
/// Bends the wave softly.
/// drive: how hard, 1..20, default 4
fn softclip(x: &mut [f32], sample_rate: u32, drive: f32) {
    for v in x { *v = (drive * *v).tanh(); }
}"""


class Kernel:
    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="auricle")

    def run(self, code, timeout=300, interrupt_after=None):
        """What a cell printed, showed and failed with, and its seconds."""
        begun = time.perf_counter()
        said = {"stream": "", "shown": [], "error": ""}

        def hear(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                said["stream"] += content["text"]
            elif message["msg_type"] in ("display_data", "execute_result"):
                said["shown"].append(content["data"])
            elif message["msg_type"] == "error":
                said["error"] = COLOUR.sub("", "\n".join(content["traceback"]))

        if interrupt_after is not None:
            threading.Timer(interrupt_after, self.manager.interrupt_kernel).start()
        reply = self.client.execute_interactive(code, output_hook=hear, timeout=timeout)
        said["pages"] = [part["data"]["text/plain"] for part in reply["content"].get("payload", []) if part["source"] == "page"]
        said["seconds"] = time.perf_counter() - begun
        return said


def check(name, said, holds):
    print(f"{'ok  ' if holds else 'FAIL'} {name} ({said['seconds']:.2f} s)")
    if not holds:
        print(said)
    return holds


def main():
    kernel = Kernel()
    run = kernel.run
    good = []

    def want(name, said, holds, within_s=None):
        in_time = within_s is None or "--times" not in sys.argv or said["seconds"] < within_s
        good.append(check(name, said, holds and in_time))

    run("let kept = 41;")
    said = run(SOFTCLIP)
    want("an operator", said, said["pages"] == ["softclip(#{ drive: 4 }): a stage for waves"], within_s=8)
    said = run("(tone(440, 1) |> gain(6) |> softclip(#{ drive: 2..8 })).peak() > 0.9")
    want("is a stage", said, said["shown"][0]["text/plain"] == "true")
    said = run(SOFTCLIP.replace("drive * *v", "drive * *v * 0.5"))
    want("is replaced", said, not said["error"], within_s=1.5)
    said = run("%%rust\nfn f(x: &mut [f32]) {\n    let n: f32 = x.len();\n}")
    want("an error has its line", said, "mismatched types" in said["error"] and "3 |" in said["error"])
    said = run("%%rust\nfn f(x: &mut [f32]) {\n    loop { std::hint::black_box(&x); }\n}")
    want("an endless loop is ended", said, "did not end within" in said["error"])
    said = run("%%rust\nfn f(x: &mut [f32]) {\n    loop { std::hint::black_box(&x); }\n}\n// again", interrupt_after=1.5)
    want("or interrupted", said, bool(said["error"]), within_s=4)
    if shutil.which("auricle-rust-cells"):
        plain(run, want)
    else:
        said = run("%%rust\nlet x = 1;")
        want("plain Rust says what to install", said, "cargo install --locked --path rust-cells" in said["error"])
    said = run("kept + 1")
    want("the session lives", said, said["shown"][0]["text/plain"] == "42")
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)
    sys.exit(0 if all(good) else 1)


def plain(run, want):
    """Cells without operators, which evcxr runs."""
    said = run("%%rust\nlet mut list = vec![1, 2];\nprintln!(\"hello\");")
    want("plain Rust prints", said, said["stream"].strip() == "hello" and not said["error"])
    said = run("%%rust\nlist.push(3);\nlist.len()")
    want("its variables live", said, any("3" in data["text/plain"] for data in said["shown"]))
    said = run("%%rust\nlist.len()")
    want("a later cell is quick", said, not said["error"], within_s=1.5)
    said = run("%%rust\nstruct Shown;\nimpl Shown { fn evcxr_display(&self) { println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>hi</b>\\nEVCXR_END_CONTENT\"); } }\nShown")
    want("and shows a page", said, any(data.get("text/html", "").strip() == "<b>hi</b>" for data in said["shown"]))
    said = run("%%rust\nlet n: u32 = \"text\";")
    want("its errors have their line", said, "mismatched types" in said["error"] and "2 |" in said["error"])
    said = run("%%rust\nasync fn later() -> u32 { 3 }")
    said = run("%%rust\nasync fn later() -> u32 { 3 }")
    want("an async cell twice", said, not said["error"])
    said = run("%%rust\npanic!(\"no\");")
    want("a panic is a message", said, bool(said["error"] or "no" in said["stream"]))
    said = run("%%rust\nloop { std::thread::sleep(std::time::Duration::from_millis(5)); }", interrupt_after=3)
    want("an interrupt ends it", said, "interrupted" in said["error"])
    said = run("%%rust\nunsafe { std::ptr::null_mut::<u8>().write_volatile(1) }")
    want("a crash is a message", said, bool(said["error"]))


if __name__ == "__main__":
    main()

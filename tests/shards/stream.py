"""A stream of 100,000 clips in 20 shards: memory stays flat, and a run that is killed five times sees each clip once an epoch.

    python tests/shards/stream.py target/release/auricle [CLIPS] [FOLDER]

The shards are written by Python's own `tarfile`. A script in the language loops over the batches of two epochs and notes
the clips of each; it is killed at moments that are drawn, and started again behind the last batch that it noted. Then it
runs once without being killed, and must note the same. Prints the memory that the process had held at most, after a fifth
of the batches and after all. Needs numpy.
"""

import io
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np

PROGRAM = str(Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/auricle").resolve())
CLIPS = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
SHARDS, BATCH, EPOCHS, KILLS, SAMPLES = 20, 250, 2, 5, 1600

SCRIPT = """
let dir = arg(0, "");
let s = shards(`${dir}/shard-{00..19}.tar`, #{ sample_rate: 8000, seconds: 0.2 });
let batches = s.batches(BATCH, #{
    recipe: log_mel(#{ n_mels: 16 }), epochs: EPOCHS, seed: 7, start: option("start", 0), drop_last: false, scale: false,
});
for batch in batches {
    save_text(`${batch.epoch} ${batch.ids}`, `${dir}/${arg(1, "seen")}/${batch.step}.txt`);
}
"""


def make(folder):
    head = b"RIFF" + struct.pack("<I", 36 + 2 * SAMPLES) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    head += b"data" + struct.pack("<I", 2 * SAMPLES)
    noise = np.random.default_rng(0).integers(-9000, 9000, (97, SAMPLES), dtype=np.int16)
    for shard in range(SHARDS):
        with tarfile.open(folder / f"shard-{shard:02}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for clip in range(CLIPS * shard // SHARDS, CLIPS * (shard + 1) // SHARDS):
                for ending, data in [("wav", head + noise[clip % 97].tobytes()), ("cls", str(clip % 10).encode())]:
                    member = tarfile.TarInfo(f"{clip:08}.{ending}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))


def held(process):
    """The most memory that a process has held, MB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    return float("nan")


def noted(seen):
    return len(list(seen.glob("*.txt")))


def start(folder, seen):
    command = [PROGRAM, "run", folder / "stream.rhai", folder, seen.name, "--start", str(noted(seen))]
    return subprocess.Popen(command, env={"XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}, stderr=subprocess.PIPE)


def wait_for(process, seen, n):
    while process.poll() is None and noted(seen) < n:
        time.sleep(0.01)


def ended(process):
    error = process.communicate()[1].decode()
    assert process.returncode == 0, error


def orders(seen):
    """The clips of each epoch in the order in which they were noted."""
    epochs = {}
    for path in sorted(seen.glob("*.txt"), key=lambda path: int(path.stem)):
        epoch, ids = path.read_text().split(" ", 1)
        epochs.setdefault(int(epoch), []).extend(int(clip) for clip in ids.strip("[]").split(","))
    return epochs


folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp(prefix="stream-"))
folder.mkdir(exist_ok=True)
make(folder)
(folder / "stream.rhai").write_text(SCRIPT.replace("BATCH", str(BATCH)).replace("EPOCHS", str(EPOCHS)))
n_batches = EPOCHS * -(-CLIPS // BATCH)

killed = folder / "killed"
killed.mkdir()
rng = random.Random(0)
moments = sorted(rng.sample(range(1, n_batches), KILLS))
for moment in moments:
    process = start(folder, killed)
    wait_for(process, killed, moment)
    assert process.poll() is None, "it ended before it was killed"
    process.kill()
    process.wait()
    print(f"killed after {noted(killed)} of {n_batches} batches")
process = start(folder, killed)
ended(process)

whole = folder / "whole"
whole.mkdir()
process = start(folder, whole)
wait_for(process, whole, n_batches // 5)
first = held(process)
last = first
while process.poll() is None:
    last = max(last, held(process) if process.poll() is None else 0.0)
    time.sleep(0.01)
ended(process)

got, want = orders(killed), orders(whole)
assert sorted(got) == list(range(1, EPOCHS + 1)), sorted(got)
for epoch, ids in got.items():
    assert sorted(ids) == list(range(CLIPS)), f"epoch {epoch} has not every clip once"
assert got == want, "a killed run sees another order"
assert got[1] != got[2], "epochs have one order"
print(f"OK    {CLIPS} clips in {SHARDS} shards, {EPOCHS} epochs, killed {KILLS} times: each clip once an epoch, in the order of a whole run")
assert last < first * 1.2 + 10, "memory grows"
print(f"OK    memory held at most: {first:.0f} MB after a fifth, {last:.0f} MB after all")
if len(sys.argv) <= 3:
    shutil.rmtree(folder)

"""Reading tar shards: clips a second here and in the `webdataset` package, from one run on the same files.

    pip install webdataset numpy soundfile
    cargo build --release
    python benches/peers/shards.py [CLIPS] [SECONDS_OF_A_CLIP] [ROUNDS]

20 shards of 16-bit WAV at 16 kHz, shuffled in a buffer of 1,000 clips, decoded to floating point and stacked into batches of
250; every side reads an epoch by one thread, in turn, and the best of some rounds counts. The index of the shards is made
before the clock starts here, and the files are in the system's memory for both.
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import webdataset as wds

PROGRAM = Path(__file__).resolve().parents[2] / "target/release/auricle"
CLIPS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3
SHARDS, BATCH, RATE = 20, 250, 16000

SCRIPT = """
let s = shards(arg(0, ""), #{ buffer: 1000 });
for round in 0..ROUNDS {
    let start = timestamp();
    let n = 0;
    for batch in s.batches(BATCH, #{ recipe: gain(0), drop_last: false, scale: false, seed: round }) { n += batch.ids.len(); }
    print(`${n} ${start.elapsed}`);
}
"""


def make(folder):
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (31, int(SECONDS * RATE))).astype(np.float32)
    for shard in range(SHARDS):
        with tarfile.open(folder / f"{shard:02}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for clip in range(CLIPS * shard // SHARDS, CLIPS * (shard + 1) // SHARDS):
                out = io.BytesIO()
                soundfile.write(out, noise[clip % 31], RATE, format="WAV", subtype="PCM_16")
                for ending, data in [("wav", out.getvalue()), ("cls", str(clip % 10).encode())]:
                    member = tarfile.TarInfo(f"{clip:08}.{ending}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))


def theirs(folder):
    def decode(sample):
        return soundfile.read(io.BytesIO(sample["wav"]), dtype="float32")[0], int(sample["cls"])

    data = wds.WebDataset(str(folder / "{00..19}.tar"), shardshuffle=SHARDS).shuffle(1000).map(decode)
    begin, n = time.perf_counter(), 0
    for waves, _ in data.batched(BATCH):
        n += len(np.stack(waves))
    assert n == CLIPS
    return n / (time.perf_counter() - begin)


def ours(folder):
    script = folder / "read.rhai"
    script.write_text(SCRIPT.replace("ROUNDS", str(ROUNDS)).replace("BATCH", str(BATCH)))
    command = [str(PROGRAM), "run", "--threads", "1", str(script), str(folder)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rounds = [line.split() for line in lines]
    assert all(int(n) == CLIPS for n, _ in rounds)
    return max(int(n) / float(seconds) for n, seconds in rounds)


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    make(folder)
    peer = [theirs(folder)]
    own = ours(folder)
    peer += [theirs(folder) for _ in range(ROUNDS - 1)]
    row = {"clips": CLIPS, "seconds": SECONDS, "webdataset": round(max(peer)), "ours": round(own), "ratio": round(own / max(peer), 2)}
    print(json.dumps(row))

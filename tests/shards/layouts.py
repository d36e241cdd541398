"""Shards beside the packages whose layouts they have: `webdataset`, `datasets` and `pyarrow`.

    python tests/shards/layouts.py target/release/auricle

What `auricle pack` writes is read by each of them, and what each of them writes is read by `shards`: the same clips, bytes,
classes and columns. A line per direction says OK. Needs webdataset, datasets, pyarrow, numpy and soundfile.
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
import webdataset as wds
from datasets import Audio, ClassLabel, Dataset, Features, Value, disable_progress_bars, load_dataset

PROGRAM = str(Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/auricle").resolve())
N = 50
disable_progress_bars()
CLASSES = ["bird", "cat", "dog"]


def sound(index, kind="WAV"):
    rng = np.random.default_rng(index)
    samples = rng.uniform(-0.5, 0.5, 400 + index).astype(np.float32)
    out = io.BytesIO()
    soundfile.write(out, samples, 8000, format=kind, subtype="PCM_16")
    return out.getvalue()


def auricle(folder, *arguments):
    done = subprocess.run([PROGRAM, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(folder, where, options=""):
    """What `shards` reads: the classes, and for each clip the peak of its samples and its columns."""
    script = Path(folder, "read.rhai")
    script.write_text(
        f"let s = shards({json.dumps(where)}, #{{ {options} }}); let d = s.take(s.n);\n"
        "print(`${s.labels}`);\n"
        "for i in 0..s.n { let c = d[i]; let p = c.wave.peak(); c.remove(\"wave\"); print(`${p} ${c.to_json()}`) }"
    )
    lines = auricle(folder, "run", "--no-cache", str(script)).splitlines()
    clips = [line.split(" ", 1) for line in lines[1:]]
    return json.loads(lines[0]), [(float(peak), json.loads(clip)) for peak, clip in clips]


def peak(data):
    return float(np.abs(soundfile.read(io.BytesIO(data), dtype="float32")[0]).max())


def check(name, classes, clips, kind="WAV"):
    assert classes == CLASSES, classes
    assert len(clips) == N, len(clips)
    for i, (got, clip) in enumerate(clips):
        assert abs(got - peak(sound(i, kind))) < 1e-6, (i, got)
        assert clip["label"] == CLASSES[i % 3], (i, clip)
    print(f"OK    {name}: {N} clips")


with tempfile.TemporaryDirectory() as folder:
    inputs = Path(folder, "in")
    for i in range(N):
        path = inputs / CLASSES[i % 3] / f"{i:03}.v1.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound(i))
    files = sorted(inputs.rglob("*.wav"))

    # Ours, read by others.
    auricle(folder, "pack", "in", "--out", "tar", "--shard-size", "20")
    found = list(wds.WebDataset(str(Path(folder, "tar/shard-{00000..00002}.tar")), shardshuffle=False))
    assert len(found) == N
    for sample, file in zip(found, files):
        about = json.loads(sample["json"])
        assert sample["wav"] == file.read_bytes()
        assert about["path"] == str(file.relative_to(inputs)) and about["label"] == file.parent.name
        assert CLASSES[int(sample["cls"])] == file.parent.name
    print(f"OK    webdataset reads what is packed as tar: {N} clips")

    auricle(folder, "pack", "in", "--out", "parquet", "--format", "parquet", "--shard-size", "20")
    shards = sorted(str(path) for path in Path(folder, "parquet").glob("*.parquet"))
    table = pa.concat_tables(pq.read_table(path) for path in shards)
    rows = table.to_pylist()
    assert [row["audio"]["bytes"] for row in rows] == [file.read_bytes() for file in files]
    print(f"OK    pyarrow reads what is packed as Parquet: {N} clips")
    data = load_dataset("parquet", data_files=shards, split="train", cache_dir=str(Path(folder, "hf")))
    assert isinstance(data.features["audio"], Audio) and data.features["label"].names == CLASSES, data.features
    data = data.cast_column("audio", Audio(decode=False))
    for row, file in zip(data, files):
        assert row["audio"]["bytes"] == file.read_bytes() and CLASSES[row["label"]] == file.parent.name
    print(f"OK    datasets reads what is packed as Parquet: {N} clips")

    # Theirs, read by us.
    theirs = Path(folder, "theirs")
    theirs.mkdir()
    with wds.ShardWriter(str(theirs / "a-%06d.tar"), maxcount=17, verbose=0) as writer:
        for i in range(N):
            about = {"label": CLASSES[i % 3], "speaker": f"p{i % 5}", "many": [1, 2]}
            writer.write({"__key__": f"train/{i:05}", "flac": sound(i, "FLAC"), "json": about, "cls": i % 3})
    classes, clips = read(folder, "theirs/a-{000000..000002}.tar")
    assert all(clip["speaker"] == f"p{i % 5}" for i, (_, clip) in enumerate(clips))
    check("shards reads what webdataset writes", classes, clips, "FLAC")
    classes, clips = read(folder, "theirs", 'label: "cls", classes: ["bird", "cat", "dog"]')
    check("shards reads its whole numbers as indices", classes, clips, "FLAC")

    features = Features({"audio": Audio(sampling_rate=8000), "label": ClassLabel(names=CLASSES), "speaker": Value("string")})
    rows = {
        "audio": [{"bytes": sound(i), "path": f"{i}.wav"} for i in range(N)],
        "label": [i % 3 for i in range(N)],
        "speaker": [f"p{i % 5}" for i in range(N)],
    }
    # As bytes first: only to encode samples would `datasets` need a codec.
    plain = Features({**features, "audio": {"bytes": Value("binary"), "path": Value("string")}})
    Dataset.from_dict(rows, features=plain).cast(features).to_parquet(str(Path(folder, "hf.parquet")))
    classes, clips = read(folder, "hf.parquet")
    assert all(clip["speaker"] == f"p{i % 5}" and clip["path"] == f"{i}.wav" for i, (_, clip) in enumerate(clips))
    check("shards reads what datasets writes", classes, clips)

    for compression in ["snappy", "gzip", "none"]:
        table = pa.table({"audio": rows["audio"], "label": [CLASSES[i % 3] for i in range(N)], "n": list(range(N))})
        pq.write_table(table, Path(folder, "pa.parquet"), compression=compression, row_group_size=7, data_page_version="2.0")
        classes, clips = read(folder, "pa.parquet")
        assert all(clip["n"] == str(i) for i, (_, clip) in enumerate(clips))
        check(f"shards reads what pyarrow writes, {compression}", classes, clips)
    pq.write_table(table, Path(folder, "zstd.parquet"), compression="zstd")
    script = Path(folder, "zstd.rhai")
    script.write_text('shards("zstd.parquet")')
    failed = subprocess.run([PROGRAM, str(script)], cwd=folder, capture_output=True, text=True)
    assert failed.returncode == 1 and "compressed in a way that is not read" in failed.stderr, failed.stderr
    print("OK    a compression that is not read is told")

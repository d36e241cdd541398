"""Embeddings as Parquet beside pyarrow, pandas and `datasets`, whichever are installed.

    python tests/shards/embeddings.py target/release/auricle

What `m.embed(data).save("e.parquet")` writes is read by each: the same ids, labels, groups, columns and, to the last bit, the
numbers that `e.npy` has. A line per reader says OK. Needs pyarrow and numpy.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PROGRAM = str(Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/auricle").resolve())
SCRIPT = """
let lines = "path,kind,patient,embedding\\n";
for i in 0..7 {
    tone(200 + 50 * i, 0.2).save("c" + i + ".wav");
    let kind = if i == 5 { "" } else { ["low", "high"][i % 2] };
    lines += `c${i}.wav,${kind},p${i / 3},taken` + "\\n";
}
save_text(lines, "clips.csv");
let e = resnet18(#{ width: 4 }).embed(manifest("clips.csv", #{ path: "path", label: "kind", group: "patient", columns: ["embedding"] }));
e.save("e.parquet");
e.save("e.npy");
let numbers = [];
for i in 0..4 { numbers.push(#{ wave: tone(200 + 50 * i, 0.2), target: 0.5 * i }); }
resnet18(#{ width: 4 }).embed(dataset(numbers)).save("n.parquet");
"""

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "e.rhai").write_text(SCRIPT)
    done = subprocess.run([PROGRAM, "run", "e.rhai"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = str(Path(folder, "e.parquet"))
    numbers = np.load(Path(folder, "e.npy"))

    table = pq.read_table(path)
    assert table.schema.field("embedding").type in (pa.list_(pa.float32()), pa.list_(pa.field("element", pa.float32(), False)))
    assert table["id"].to_pylist() == list(range(7))
    labels = ["low", "high", "low", "high", "low", None, "low"]
    assert table["label"].to_pylist() == labels
    assert table["group"].to_pylist() == [f"p{i // 3}" for i in range(7)]
    assert table["patient"].to_pylist() == table["group"].to_pylist()
    assert table["embedding_of_clip"].to_pylist() == ["taken"] * 7
    assert np.array_equal(np.array(table["embedding"].to_pylist(), dtype=np.float32), numbers)
    targets = pq.read_table(str(Path(folder, "n.parquet")))
    assert targets["target"].to_pylist() == [0.0, 0.5, 1.0, 1.5] and "label" not in targets.column_names
    print("OK pyarrow")

    try:
        import pandas
    except ImportError:
        print("pandas is not installed")
    else:
        frame = pandas.read_parquet(path)
        assert np.array_equal(np.stack(frame["embedding"]), numbers) and frame["label"].isna().sum() == 1
        print("OK pandas")

    try:
        from datasets import Dataset
    except ImportError:
        print("datasets is not installed")
    else:
        data = Dataset.from_parquet(path, cache_dir=folder)
        assert np.array_equal(np.array(data["embedding"][:], dtype=np.float32), numbers)
        assert list(data["label"]) == labels
        print("OK datasets")

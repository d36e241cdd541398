"""Maps of embeddings beside scikit-learn, and umap-learn where it is installed, on recordings.

    python tests/metrics/maps.py target/release/auricle FOLDER_OF_SPOKEN_DIGITS [CLIPS]

Embeds clips by a random encoder, maps them by each method in the language, and compares: principal components are equal, with
their signs, the trustworthiness of a map is the same number, and t-SNE and UMAP, which end elsewhere from
every start, are as trustworthy as those of scikit-learn and umap-learn. A line per comparison says OK.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

PROGRAM = str(Path(sys.argv[1]).resolve())
FOLDER = str(Path(sys.argv[2]).resolve())
N = int(sys.argv[3]) if len(sys.argv) > 3 else 600

SCRIPT = """
let d = spoken_digits("{folder}", #{{ seconds: 1 }}).fraction(0.5);
let e = resnet18(#{{ width: 16, seed: 0 }}).embed(d);
let rows = e.to_array();
let step = rows.len() / {n};
let kept = [];
for i in 0..{n} {{ kept.push(rows[i * step]); }}
save_npy("e.npy", tensor(kept));
for method in ["pca", "tsne", "umap"] {{
    let p = project(kept, #{{ method: method, seed: 0 }});
    save_npy(method + ".npy", tensor(p.points));
    print(p.trustworthiness);
}}
"""


def check(name, holds, told):
    print(f"{'OK  ' if holds else 'FAIL'} {name}: {told}")
    return holds


with tempfile.TemporaryDirectory() as folder:
    Path(folder, "maps.rhai").write_text(SCRIPT.format(folder=FOLDER, n=N))
    done = subprocess.run([PROGRAM, "run", "maps.rhai"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [float(line) for line in done.stdout.split()]
    rows, *maps = (np.load(Path(folder, f"{name}.npy")).astype(float) for name in ["e", "pca", "tsne", "umap"])

theirs = PCA(2, svd_solver="full").fit_transform(rows)
error = np.abs(theirs - maps[0]).max() / np.abs(theirs).max()
good = check("pca", error < 1e-4, f"largest difference {error:.1e} of the largest place")
for name, points, value in zip(["pca", "tsne", "umap"], maps, told):
    expected = trustworthiness(rows, points, n_neighbors=5)
    good &= check(f"trustworthiness of {name}", abs(expected - value) < 1e-4, f"{value:.6f}, theirs {expected:.6f}")
theirs = trustworthiness(rows, TSNE(random_state=0).fit_transform(rows.astype(np.float32)), n_neighbors=5)
good &= check("tsne", told[1] > theirs - 0.005, f"trustworthiness {told[1]:.4f}, scikit-learn's {theirs:.4f}")
try:
    import umap
except ImportError:
    print("umap-learn is not installed: its trustworthiness is not compared")
else:
    theirs = trustworthiness(rows, umap.UMAP(random_state=0).fit_transform(rows), n_neighbors=5)
    good &= check("umap", told[2] > theirs - 0.01, f"trustworthiness {told[2]:.4f}, umap-learn's {theirs:.4f}")
sys.exit(0 if good else 1)

"""An AST exported by `m.export` in `transformers`: the same embeddings of the same spectrograms.

    pip install torch transformers safetensors numpy
    python tests/export/transformers_ast.py PROGRAM

Torch is large, so this is run by hand.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch
import transformers

RECIPE = """
let m = ast(#{{ dim: {dim}, depth: {depth}, heads: {heads}, bands: {bands}, frames: {frames}, stride: {stride}, seed: 3 }});
m.export("model");
let x = randn([3, 1, {bands}, {frames}], #{{ seed: 5 }});
save_safetensors("both.safetensors", #{{ x: x, y: m.forward(x) }});
"""
SHAPES = [
    {"dim": 48, "depth": 2, "heads": 3, "bands": 32, "frames": 60, "stride": 10},
    {"dim": 64, "depth": 3, "heads": 4, "bands": 64, "frames": 251, "stride": 16},
    {"dim": 192, "depth": 1, "heads": 3, "bands": 128, "frames": 100, "stride": 12},
]


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "a.rhai").write_text(RECIPE.format(**shape))
            subprocess.run([program, "run", "a.rhai"], cwd=folder, check=True)
            model = transformers.AutoModel.from_pretrained(folder / "model").eval()
            both = safetensors.torch.load_file(folder / "both.safetensors")
            x = both["x"][:, 0].transpose(1, 2)
            with torch.no_grad():
                want = model(x).pooler_output.numpy()
            error = np.abs(want - both["y"].numpy()).max()
            print(f"{shape}: {type(model).__name__}, largest difference {error:.1e}")
            assert error < 2e-5, "the embeddings differ"


if __name__ == "__main__":
    main()

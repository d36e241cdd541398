"""Models exported by `m.export("...", #{ to: "onnx" })` in ONNX's own checker and in onnxruntime: the same embeddings.

    pip install onnx onnxruntime numpy safetensors
    python tests/export/onnx_runtime.py PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy

# A gain that starts at 0 hides the weights behind it.
SAVED = "{model}.save(\"weights.safetensors\");"
FORWARD = """
let m = {model}.load("weights.safetensors");
m.export("model", #{{ to: "onnx" }});
let x = randn({shape}, #{{ seed: 5 }});
save_safetensors("both.safetensors", #{{ x: x, y: m.forward(x) }});
"""
# Sizes that no stride divides, so that padding that depends on them is seen.
MODELS = [
    ("resnet18(#{ width: 8, seed: 1 })", [3, 1, 40, 97]),
    ("resnet18(#{ width: 4, channels: 2, stem_bias: true, fc: 5, seed: 1 })", [2, 2, 64, 33]),
    ("resnet18(#{ dims: 1, width: 4, seed: 1 })", [2, 1, 8000]),
    ('resnet18(#{ dims: 1, width: 4, geometry: "code", seed: 1 })', [2, 1, 7999]),
    ("slowfast_nfnet(#{ width: 16, seed: 1 })", [2, 1, 61, 99]),
    ('slowfast_nfnet(#{ width: 16, pathways: "slow", seed: 1 })', [1, 1, 80, 128]),
    ('slowfast_nfnet(#{ width: 32, pathways: "fast", seed: 1 })', [2, 1, 33, 50]),
    ("ast(#{ dim: 48, depth: 2, heads: 3, bands: 32, frames: 60, stride: 10, seed: 3 })", [3, 1, 32, 60]),
    ('ast(#{ dim: 32, depth: 1, heads: 4, bands: 64, frames: 96, stride: 16, distilled: false, pooling: "mean", seed: 3 })', [2, 1, 64, 96]),
    ("ast(#{ dim: 32, depth: 1, heads: 2, bands: 32, frames: 48, classes: 7, seed: 3 })", [2, 1, 32, 48]),
    ("cnn6(#{ width: 8, seed: 1 })", [2, 1, 64, 100]),
    ("mlp(64, [32, 16], #{ batch_norm: true, seed: 1 })", [5, 64]),
    ("(conv2d(6, #{ kernel: [5, 3], stride: [2, 3], padding: [1, 2] }) |> group_norm(3) |> silu() |> avg_pool(3, #{ stride: 2, padding: 1 }) "
     "|> conv2d(8, #{ kernel: 4, dilation: 2, groups: 2 }) |> leaky_relu(0.2) |> dropout(0.5) |> global_max(#{ over: \"frequency\" }) "
     "|> conv1d(4, #{ kernel: 3, stride: 2 }) |> group_norm(2) |> max_pool(2) |> gelu() |> global_mean()).build(#{ seed: 2 })", [3, 1, 30, 71]),
    ("(parallel([conv2d(4) |> relu(), conv2d(4) |> gelu(#{ tanh: true, gain: 1.7 })], #{ join: \"concat\" }) |> residual(conv2d(8) |> batch_norm() |> relu()) "
     "|> parallel([global_mean(), global_max()])).build(#{ seed: 2 })", [2, 1, 20, 31]),
    ("(patch_embed(16, #{ patch: [8, 4] }) |> positions() |> transformer(#{ heads: 2, depth: 2 }) |> layer_norm() |> global_mean() "
     "|> linear(5) |> group_norm(1) |> silu()).build(#{ bands: 32, frames: 40, seed: 2 })", [4, 1, 32, 40]),
    ("(swap_axes() |> conv2d(3, #{ stride: 2 }) |> flatten() |> linear(6) |> layer_norm(#{ epsilon: 0.001 })).build(#{ bands: 9, frames: 14, seed: 2 })", [2, 1, 9, 14]),
]
# Behind training, the running statistics count, and the graph scales what it reads.
TRAINED = """
fn noise_wave(seed) { wave(randn([6400], #{ seed: seed }).to_array(), 16000) |> gain(-20) }
let clips = [];
for i in 0..24 { clips.push(#{ wave: noise_wave(i) + tone(200 + 100 * (i % 4), 0.4), label: i % 4 }); }
let data = dataset(clips);
let mel = log_mel(#{ n_mels: 24, hop_length: 200 });
let run = simclr(resnet18(#{ width: 4, seed: 1 }), data, #{ recipe: views(2, gain(-6..6) |> mel), epochs: 2, batch: 8, out: (), seed: 1 });
run.fit();
run.model.export("model", #{ to: "onnx" });
let rows = [];
for clip in data { rows.push((clip.wave |> mel).to_tensor()); }
save_safetensors("both.safetensors", #{ x: stack(rows), y: run.model.embed(data).to_tensor() });
"""


def run(program, folder, script):
    (folder / "a.rhai").write_text(script)
    subprocess.run([program, "run", "a.rhai"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def with_gains(path):
    weights = safetensors.numpy.load_file(path)
    draws = np.random.default_rng(0)
    for name in weights:
        if name.endswith("skip_gain"):
            weights[name] = draws.uniform(0.5, 1.5, weights[name].shape).astype(np.float32)
    safetensors.numpy.save_file(weights, path)


def compared(program, scripts):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for script in scripts:
            run(program, folder, script)
            if (folder / "weights.safetensors").exists():
                with_gains(folder / "weights.safetensors")
        path = folder / "model" / "model.onnx"
        onnx.checker.check_model(onnx.load(path), full_check=True)
        session = onnxruntime.InferenceSession(path)
        both = safetensors.numpy.load_file(folder / "both.safetensors")
        [read] = session.get_inputs()
        card = (folder / "model" / "README.md").read_text()
        assert f'"{read.name}"' in card and "model.onnx" in card, "the card says how it is run"
        if "recipe" in session.get_modelmeta().custom_metadata_map:
            assert "recipe" in json.loads((folder / "model" / "preprocessor_config.json").read_text())
        given = session.run(None, {read.name: both["x"]})[0]
        alone = session.run(None, {read.name: both["x"][:1]})[0]
        assert np.abs(alone - given[:1]).max() < 1e-4, "a clip alone has another embedding"
        want = both["y"]
        assert given.shape == want.shape, (given.shape, want.shape)
        assert np.abs(want).max() > 0
        return np.abs(given - want).max() / np.abs(want).max()


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    cases = [([SAVED.format(model=model), FORWARD.format(model=model, shape=shape)], model) for model, shape in MODELS]
    cases.append(([TRAINED], "trained, with its scaling"))
    for scripts, name in cases:
        error = compared(program, scripts)
        print(f"{error:.1e}  {name[:90]}")
        assert error < 1e-4, "the embeddings differ"
    print(f"{len(cases)} models: OK")


if __name__ == "__main__":
    main()

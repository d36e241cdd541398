"""Augmentations and front-ends beside their peers on one thread, in seconds of audio per second, in one run.

    python -m venv v && v/bin/pip install torch==2.6.0 torchaudio==2.6.0 librosa soxr pedalboard
    v/bin/python benches/peers/audio.py

Ours come from `cargo bench --bench audio`, which this script starts; every peer is warmed up first, and the best of five
rounds counts.
"""

import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import json
import pathlib
import subprocess
import time

import librosa
import numpy as np
import pedalboard
import soxr
import torch
import torchaudio

torch.set_num_threads(1)
ROOT = pathlib.Path(__file__).parents[2]
SECONDS, RATE = 10, 16000
x = np.random.default_rng(0).standard_normal(SECONDS * RATE).astype(np.float32) * 0.1
t = torch.from_numpy(x)[None]
response = torch.from_numpy(np.random.default_rng(1).standard_normal(int(0.3 * RATE)).astype(np.float32))[None]

mel = torchaudio.transforms.MelSpectrogram(RATE, n_fft=1024, hop_length=160, n_mels=64)
mfcc = torchaudio.transforms.MFCC(RATE, 20, melkwargs={"n_fft": 512, "hop_length": 160, "n_mels": 64})
fbank = lambda: torchaudio.compliance.kaldi.fbank(t, num_mel_bins=128, sample_frequency=RATE, window_type="hanning")
masks = [torchaudio.transforms.FrequencyMasking(27), torchaudio.transforms.TimeMasking(100)]
low_pass = pedalboard.Pedalboard([pedalboard.LowpassFilter(1000)])
peak = pedalboard.Pedalboard([pedalboard.PeakFilter(1000, 6, 1)])


def masked():
    m = (mel(t) + 1e-6).log()
    for mask in masks:
        m = mask(m)
    return m


# Name of ours, name of the peer, what the peer does, and the goal as a ratio.
CASES = [
    ("noise_white", "torch", lambda: torchaudio.functional.add_noise(t, torch.randn_like(t), torch.tensor([10.0])), 3),
    ("pitch_shift_4", "librosa", lambda: librosa.effects.pitch_shift(x, sr=RATE, n_steps=4), 4),
    ("time_stretch_0.8", "librosa", lambda: librosa.effects.time_stretch(x, rate=0.8), 4),
    ("low_pass_biquad", "pedalboard", lambda: low_pass(x, RATE), 2),
    ("peaking", "pedalboard", lambda: peak(x, RATE), 2),
    ("impulse_response_0.3s", "torchaudio FFT", lambda: torchaudio.functional.fftconvolve(t, response), 3),
    ("resample_to_8k", "soxr HQ", lambda: soxr.resample(x, RATE, 8000, quality="HQ"), 1.2),
    ("log_mel_64", "torchaudio", lambda: (mel(t) + 1e-6).log(), 2.5),
    ("mfcc_20", "torchaudio", lambda: mfcc(t), 2.5),
    ("kaldi_fbank_128", "torchaudio", fbank, 2.5),
    ("log_mel_spec_augment", "torchaudio", masked, 2.5),
]


def speed(action):
    action()
    best = float("inf")
    for _ in range(5):
        start, n = time.perf_counter(), 0
        while time.perf_counter() - start < 0.3:
            action()
            n += 1
        best = min(best, (time.perf_counter() - start) / n)
    return SECONDS / best


def ours(name):
    subprocess.run(
        ["cargo", "bench", "-q", "--bench", "audio", "--", "--quick", f"^audio/{name}_10s_16k$"],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    figures = ROOT / "target/criterion/audio" / f"{name}_10s_16k" / "new/estimates.json"
    return SECONDS / (json.loads(figures.read_text())["median"]["point_estimate"] * 1e-9)


versions = {m.__name__: m.__version__ for m in (torch, torchaudio, librosa, soxr, pedalboard)}
print(", ".join(f"{name} {version}" for name, version in versions.items()))
print(f"{'':24}{'peer':>16}{'its speed':>12}{'ours':>12}{'ratio':>8}{'goal':>7}")
for name, peer, action, goal in CASES:
    theirs, own = speed(action), ours(name)
    print(f"{name:24}{peer:>16}{theirs:12.0f}{own:12.0f}{own / theirs:8.1f}{goal:7.1f}")

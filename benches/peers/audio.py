"""Augmentations, front-ends and decoders beside their peers on one thread, in seconds of audio per second, in one run.

    python -m venv v && v/bin/pip install torch==2.11.0 torchaudio==2.11.0 soxr pedalboard soundfile nnAudio audiomentations
    v/bin/pip install specux==0.1.0 auvux-dsp==0.1.0.dev4 && v/bin/pip install --upgrade librosa
    v/bin/python benches/peers/audio.py [DIR] [--only NAME] [--bench PATH]

DIR holds sound files, of which ten are decoded; without it ten are made. Ours come from the benchmark `audio`, which this script
builds unless it is given. All runs on one processor, for some peers start threads whatever they are told; ours and theirs take
turns, every peer is warmed up first, and the best of three rounds counts. A case of two views counts the clip once.
"""

import os

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import importlib.metadata
import json
import pathlib
import subprocess
import time
import warnings

import audiomentations
import auvux.dsp
import librosa
import numpy as np
import pedalboard
import soundfile
import soxr
import specux
import torch
import torchaudio
from nnAudio.features import STFT, MelSpectrogram
from pedalboard.io import AudioFile

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
specux.set_num_threads(1)
torch.set_grad_enabled(False)
parser = argparse.ArgumentParser()
parser.add_argument("dir", nargs="?", type=pathlib.Path)
parser.add_argument("--only", default="", help="cases whose name contains this")
parser.add_argument("--bench", type=pathlib.Path, help="the built benchmark; without it, it is built")
arguments = parser.parse_args()
ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS, RATE = 10, 16000
rng = np.random.default_rng(0)
x = rng.standard_normal(SECONDS * RATE).astype(np.float32) * 0.1
x_44k1 = rng.standard_normal(SECONDS * 44100).astype(np.float32) * 0.1
t = torch.from_numpy(x)[None]
response = torch.from_numpy(rng.standard_normal(int(0.3 * RATE)).astype(np.float32))[None]

mel = torchaudio.transforms.MelSpectrogram(RATE, n_fft=1024, hop_length=160, n_mels=64)
mfcc = torchaudio.transforms.MFCC(RATE, 20, melkwargs={"n_fft": 512, "hop_length": 160, "n_mels": 64})
fbank = lambda: torchaudio.compliance.kaldi.fbank(t, num_mel_bins=128, sample_frequency=RATE, window_type="hanning")
masks = [torchaudio.transforms.FrequencyMasking(27), torchaudio.transforms.TimeMasking(100)]
low_pass = pedalboard.Pedalboard([pedalboard.LowpassFilter(1000)])
peak = pedalboard.Pedalboard([pedalboard.PeakFilter(1000, 6, 1)])


def log_mel(sound, rate, n_fft, hop_length, n_mels):
    """The same mel spectrogram and its logarithm by the two fastest of the peers; both give powers."""
    sizes = {"sr": rate, "n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels}
    theirs = auvux.dsp.MelSpectrogram(**sizes)
    return {
        "specux": lambda: np.log(specux.melspectrogram(sound, **sizes) + 1e-6),
        "auvux-dsp": lambda: np.log(theirs(sound) + 1e-6),
    }


log_mel_16k, log_mel_44k1 = log_mel(x, RATE, 1024, 160, 64), log_mel(x_44k1, 44100, 2048, 512, 128)


def masked():
    m = (mel(t) + 1e-6).log()
    for mask in masks:
        m = mask(m)
    return m


# CLAR's three channels by nnAudio: the transform at frequencies in equal ratios, and a mel spectrogram.
sizes = {"n_fft": 2048, "hop_length": 128, "fmin": 40, "fmax": 8000, "sr": RATE, "verbose": False}
clar_stft = STFT(freq_bins=128, freq_scale="log", output_format="Complex", **sizes)
clar_mel = MelSpectrogram(n_mels=128, **sizes)


def clar_features():
    z = clar_stft(t)
    re, im = z[..., 0], z[..., 1]
    level = 10 * torch.log10(re * re + im * im + 1e-8) - 20
    return torch.stack([level, torch.atan2(im, re), 10 * torch.log10(clar_mel(t).clamp(min=1e-5)) - 10], 1)


# Two of CLAR's augmentations as its code has them, written from the description: whole curves, masks of an eighth.
FADE_IN = [
    lambda u: u,
    lambda u: 2 ** (u - 1) * u,
    lambda u: np.log10(0.1 + u) + 1,
    lambda u: np.sin(u * np.pi / 2),
    lambda u: 0.5 - 0.5 * np.cos(u * np.pi),
]
FADE_OUT = [
    lambda u: 1 - u,
    lambda u: 2**-u * (1 - u),
    lambda u: np.log10(1.1 - u) + 1,
    lambda u: np.cos(u * np.pi / 2),
    lambda u: 0.5 + 0.5 * np.cos(u * np.pi),
]


def fade(y):
    n, shape = len(y), rng.integers(5)
    n_in, n_out = rng.integers(1, n // 2, 2)
    rise = FADE_IN[shape](np.linspace(0, 1, n_in, dtype=np.float32))
    fall = FADE_OUT[shape](np.linspace(0, 1, n_out, dtype=np.float32))
    rise = np.concatenate([rise, np.ones(n - n_in, np.float32)]).clip(0, 1)
    fall = np.concatenate([np.ones(n - n_out, np.float32), fall]).clip(0, 1)
    return y * rise * fall


def mask(y):
    length = len(y) // 8
    start = rng.integers(len(y) - length)
    y[start : start + length] = rng.normal(0, 0.01, length)
    return y


def clar_stretch(y):
    stretched = librosa.effects.time_stretch(y, rate=rng.uniform(0.5, 1.5))
    return librosa.util.fix_length(librosa.resample(stretched, orig_sr=len(stretched), target_sr=len(y)), size=len(y))


def two_views(second, rate):
    clip = x[:rate]
    return lambda: [second(fade(clip)) for _ in range(2)]


# Files for both sides.
SOUNDS = ROOT / "target/bench_sounds"


def clips():
    if arguments.dir:
        files = sorted(p for p in arguments.dir.rglob("*") if p.suffix in (".ogg", ".wav", ".flac", ".mp3"))
        return [soundfile.read(p, dtype="float32", always_2d=True) for p in files[:: max(1, len(files) // 10)][:10]]
    time_s = np.arange(5 * 44100) / 44100
    tones = [sum(np.sin(2 * np.pi * 110 * 1.3**i * k * time_s) / k for k in range(1, 20)) for i in range(10)]
    noise = rng.standard_normal((10, 5 * 44100)) * np.exp(-3 * (time_s % 1))
    return [((0.1 * tone + 0.05 * n).astype(np.float32)[:, None], 44100) for tone, n in zip(tones, noise)]


def write_sounds():
    for suffix in ("wav", "flac", "ogg", "mp3"):
        (SOUNDS / suffix).mkdir(parents=True, exist_ok=True)
        for old in (SOUNDS / suffix).iterdir():
            old.unlink()
    seconds = 0
    for index, (samples, rate) in enumerate(clips()):
        seconds += len(samples) / rate
        for suffix in ("wav", "flac", "ogg", "mp3"):
            soundfile.write(SOUNDS / suffix / f"{index}.{suffix}", samples, rate)
    return seconds


def decode(suffix):
    def action():
        for path in (SOUNDS / suffix).iterdir():
            with AudioFile(str(path)) as file:
                file.read(file.frames)

    return action


five = audiomentations.Compose(
    [
        audiomentations.Gain(-12, 12, p=1),
        audiomentations.AddGaussianSNR(5, 40, p=1),
        audiomentations.LowPassFilter(1000, 7000, min_rolloff=12, max_rolloff=12, p=1),
        audiomentations.Shift(-0.5, 0.5, p=1),
        audiomentations.TimeMask(0.0, 0.125, p=1),
    ]
)
bank = librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=64, fmin=50, htk=True, norm=None)


def whole_chain():
    for path in (SOUNDS / "ogg").iterdir():
        clip, rate = soundfile.read(path, dtype="float32", always_2d=True)
        clip = librosa.resample(clip[:, 0], orig_sr=rate, target_sr=RATE)
        for _ in range(2):
            spectrum = librosa.stft(five(clip, RATE), n_fft=1024, hop_length=160)
            np.log(bank @ (spectrum.real**2 + spectrum.imag**2) + 1e-6)


file_seconds = write_sounds()
# Name of ours, seconds of audio, name of the peer, what the peer does, and the goal as a ratio.
CASES = [
    ("noise_white_10s_16k", 10, "torch", lambda: torchaudio.functional.add_noise(t, torch.randn_like(t), torch.tensor([10.0])), 3),
    ("pitch_shift_4_10s_16k", 10, "librosa", lambda: librosa.effects.pitch_shift(x, sr=RATE, n_steps=4), 6),
    ("pitch_shift_4_10s_44k1", 10, "librosa", lambda: librosa.effects.pitch_shift(x_44k1, sr=44100, n_steps=4), 6),
    ("time_stretch_0.8_10s_16k", 10, "librosa", lambda: librosa.effects.time_stretch(x, rate=0.8), 8),
    ("time_stretch_0.8_10s_44k1", 10, "librosa", lambda: librosa.effects.time_stretch(x_44k1, rate=0.8), 8),
    ("low_pass_biquad_10s_16k", 10, "pedalboard", lambda: low_pass(x, RATE), 2),
    ("peaking_10s_16k", 10, "pedalboard", lambda: peak(x, RATE), 2),
    ("impulse_response_0.3s_10s_16k", 10, "torchaudio FFT", lambda: torchaudio.functional.fftconvolve(t, response), 3),
    ("resample_to_8k_10s_16k", 10, "soxr HQ", lambda: soxr.resample(x, RATE, 8000, quality="HQ"), 1.2),
    ("log_mel_64_10s_16k", 10, "torchaudio", lambda: (mel(t) + 1e-6).log(), 2.5),
    *(("log_mel_64_10s_16k", 10, peer, action, 1.5) for peer, action in log_mel_16k.items()),
    *(("log_mel_128_10s_44k1", 10, peer, action, 1.5) for peer, action in log_mel_44k1.items()),
    ("mfcc_20_10s_16k", 10, "torchaudio", lambda: mfcc(t), 2.5),
    ("kaldi_fbank_128_10s_16k", 10, "torchaudio", fbank, 2.5),
    ("log_mel_spec_augment_10s_16k", 10, "torchaudio", masked, 2.5),
    ("clar_features_10s_16k", 10, "nnAudio", clar_features, 14),
    ("clar_fade_mask_1s_16k", 1, "numpy", two_views(mask, 16000), 18),
    ("clar_fade_mask_1s_44k1", 1, "numpy", two_views(mask, 44100), 4.5),
    ("clar_fade_stretch_1s_16k", 1, "librosa", two_views(clar_stretch, 16000), 4),
    ("decode_wav", file_seconds, "pedalboard", decode("wav"), 4),
    ("decode_flac", file_seconds, "pedalboard", decode("flac"), 1.4),
    ("decode_ogg", file_seconds, "pedalboard", decode("ogg"), 1.8),
    ("decode_mp3", file_seconds, "pedalboard", decode("mp3"), 1.4),
    ("ogg_to_two_views", file_seconds, "audiomentations", whole_chain, 3.4),
]


def built():
    """The benchmark's program."""
    made = subprocess.run(
        ["cargo", "bench", "--bench", "audio", "--no-run", "--message-format=json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    messages = map(json.loads, made.splitlines())
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "audio")


def speed(action, seconds):
    best = float("inf")
    for _ in range(3):
        start, n = time.perf_counter(), 0
        while time.perf_counter() - start < 0.3:
            action()
            n += 1
        best = min(best, (time.perf_counter() - start) / n)
    return seconds / best


def ours(name, seconds):
    figures = ROOT / "target/criterion"
    run = subprocess.run(
        [bench, "--bench", "--quick", f"^audio/{name}$"],
        env={**os.environ, "CRITERION_HOME": str(figures)}, capture_output=True, text=True,
    )
    if run.returncode != 0:
        raise SystemExit(run.stderr)
    time_ns = json.loads((figures / "audio" / name / "new/estimates.json").read_text())["median"]["point_estimate"]
    return seconds / (time_ns * 1e-9)


def best_of_three(*measures):
    """The best that each of some measures gives, taken in turns."""
    return [max(speeds) for speeds in zip(*([measure() for measure in measures] for _ in range(3)))]


bench = str(arguments.bench.resolve()) if arguments.bench else built()
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
packages = ("torch", "torchaudio", "librosa", "soxr", "pedalboard", "soundfile", "nnAudio", "audiomentations", "specux", "auvux-dsp")
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages))
print(f"{'':32}{'peer':>16}{'its speed':>12}{'ours':>12}{'ratio':>8}{'goal':>7}")
for name, seconds, peer, action, goal in CASES:
    if arguments.only in name:
        action()
        theirs, own = best_of_three(lambda: speed(action, seconds), lambda: ours(name, seconds))
        print(f"{name:32}{peer:>16}{theirs:12.0f}{own:12.0f}{own / theirs:8.1f}{goal:7.1f}", flush=True)
FIXED = "resample_to_48k_10s_44k1"
changing = [name for name in ("resample_to_drawn_10s_44k1", "tape_speed_10s_44k1") if arguments.only in name]
if changing:
    print(f"\n{'':32}{'fixed rate':>28}{'its speed':>12}{'ours':>12}{'times as long':>15}{'goal':>7}")
for name in changing:
    theirs, own = best_of_three(lambda: ours(FIXED, 10), lambda: ours(name, 10))
    print(f"{name:32}{FIXED:>28}{theirs:12.0f}{own:12.0f}{theirs / own:15.1f}{2:7.1f}", flush=True)

"""Makes coverage.json: descriptors and distances by NumPy, SciPy and librosa, for the tests of src/synth/coverage.

    python make.py > coverage.json

Sounds are sums of sines and the noise of a linear congruence, which the tests make again. Flatness and centroid are librosa's
(0.11), the first Wasserstein distance and the square root of a matrix SciPy's; flux, inharmonicity and the pitch are written
out below from their sources, in double precision.
"""

import json

import librosa
import numpy as np
import scipy.linalg
import scipy.signal
import scipy.stats

RATE, N_FFT, HOP = 16000, 1024, 512


def noise(n, seed):
    x, out = seed, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(x / 2**31 - 1)
    return np.array(out)


def sound(partials, level, seed, n=8192):
    """Partials as (Hz, amplitude), and noise of a level."""
    t = np.arange(n) / RATE
    tone = sum((a * np.sin(2 * np.pi * f * t) for f, a in partials), np.zeros(n))
    return (tone + level * noise(n, seed)).astype(np.float32)


def vertex(left, here, right):
    bend = left - 2 * here + right
    return 0.0 if bend == 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def period(x):
    """McLeod and Wyvill, 2005: the first large maximum of the normalized square difference function."""
    n = len(x)
    curve = []
    for lag in range(n // 2 + 1):
        a, b = x[: n - lag], x[lag:]
        squares = np.sum(a**2) + np.sum(b**2)
        curve.append(2 * np.sum(a * b) / squares if squares > 0 else 0.0)
    below = [lag for lag, value in enumerate(curve) if value < 0]
    if not below:
        return None
    begin = max(below[0], int(np.ceil(RATE / 2000)), 2)
    peaks = [k for k in range(begin, n // 2) if curve[k] > curve[k - 1] and curve[k] >= curve[k + 1]]
    largest = max((curve[k] for k in peaks), default=0.0)
    if largest < 0.8:
        return None
    lag = next(k for k in peaks if curve[k] >= 0.9 * largest)
    return lag + vertex(*curve[lag - 1 : lag + 2])


def inharmonicity(frame, magnitude):
    """Peeters, 2004, section 6.2."""
    lag = period(frame)
    if lag is None:
        return None
    f0, total, weights = RATE / lag, 0.0, 0.0
    for k in range(1, len(magnitude) - 1):
        left, here, right = magnitude[k - 1 : k + 2]
        if here < 0.01 * magnitude.max() or here <= left or here < right:
            continue
        hz = (k + vertex(*np.log(np.maximum([left, here, right], 1e-30)))) * RATE / N_FFT
        total += abs(hz - max(round(hz / f0), 1) * f0) * here**2
        weights += here**2
    return 2 / f0 * total / weights if weights else None


def descriptors(x):
    frames = librosa.util.frame(x.astype(np.float64), frame_length=N_FFT, hop_length=HOP).T
    magnitudes = np.abs(np.fft.rfft(frames * scipy.signal.get_window("hann", N_FFT), axis=1))
    unit = magnitudes / np.linalg.norm(magnitudes, axis=1, keepdims=True)
    values = [inharmonicity(f, m) for f, m in zip(frames, magnitudes)]
    values = [v for v in values if v is not None]
    return [
        float(np.mean(np.linalg.norm(np.diff(unit, axis=0), axis=1))),
        float(np.mean(librosa.feature.spectral_centroid(S=magnitudes.T, sr=RATE))),
        float(np.mean(librosa.feature.spectral_flatness(S=magnitudes.T))),
        float(np.mean(values)) if values else None,
    ]


def frechet(a, b):
    means = np.sum((a.mean(0) - b.mean(0)) ** 2)
    c1, c2 = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(c1 @ c2)
    return float(means + np.trace(c1 + c2 - 2 * root.real))


SOUNDS = [
    {"partials": [[220, 0.5], [440, 0.25], [660, 0.12]], "level": 0.0},
    {"partials": [[220, 0.5], [447, 0.25], [691, 0.2]], "level": 0.0},
    {"partials": [[523.25, 0.4]], "level": 0.05},
    {"partials": [[131, 0.3], [262, 0.3], [393, 0.2], [524, 0.1]], "level": 0.02},
    {"partials": [], "level": 0.5},
]


def main():
    for index, s in enumerate(SOUNDS):
        s["seed"] = 1 + index
        s["values"] = descriptors(sound(s["partials"], s["level"], s["seed"]))
    sets = []
    for n, m, seed in [(40, 60, 11), (7, 7, 12), (25, 3, 13)]:
        real, synthetic = noise(n, seed), noise(m, seed + 100) ** 3 + 0.2
        sets.append({"real": real.tolist(), "synthetic": synthetic.tolist(),
                     "wasserstein": float(scipy.stats.wasserstein_distance(real, synthetic))})
    rows = []
    for n, m, dim, seed in [(40, 50, 6, 21), (9, 12, 16, 22)]:
        a = noise(n * dim, seed).reshape(n, dim)
        b = 0.5 * noise(m * dim, seed + 100).reshape(m, dim) + np.linspace(0, 1, dim)
        b[:, 0] += a[: len(b), 0].mean() + b[:, 1]
        rows.append({"a": a.tolist(), "b": b.tolist(), "distance": frechet(a, b)})
    print(json.dumps({"sounds": SOUNDS, "sets": sets, "frechet": rows}))


if __name__ == "__main__":
    main()

"""SimCLR on spoken digits or ESC-10 in PyTorch: the peer of examples/spoken_digits.rhai and environmental_sounds.rhai; with
`--method supervised` cross entropy of a linear layer instead, over one view: the peer of supervised.rhai.

Same splits, features, views, encoder, projector, loss, optimizer and schedule. Prints seconds per epoch, and the accuracy
of the linear probe with --probe. Views and features are computed inside the epoch's time, as they are on our side.

    python -m venv v && v/bin/pip install torch==2.6.0 torchaudio==2.6.0 soundfile scikit-learn
    v/bin/python benches/peers/simclr.py digits DIR --epochs 3
"""

import argparse
import csv
import math
import pathlib
import resource
import time

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
import torchaudio
from torch import nn


def block(i, o, s):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1, self.b1 = nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o)
            self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
            self.down = nn.Sequential(nn.Conv2d(i, o, 1, s, bias=False), nn.BatchNorm2d(o)) if s != 1 or i != o else nn.Identity()

        def forward(self, x):
            y = F.relu(self.b1(self.c1(x)), inplace=True)
            return F.relu(self.b2(self.c2(y)) + self.down(x), inplace=True)

    return Block()


def resnet18(w):
    stages, i = [], w
    for o, s in [(w, 1), (2 * w, 2), (4 * w, 2), (8 * w, 2)]:
        stages += [block(i, o, s), block(o, o, 1)]
        i = o
    net = nn.Sequential(
        nn.Conv2d(1, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w), nn.ReLU(True), nn.MaxPool2d(3, 2, 1),
        *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    return net


def load_digits(root):
    waves, labels, test = [], [], []
    for path in sorted(pathlib.Path(root, "recordings").glob("*.wav")):
        x, _ = soundfile.read(path, dtype="float32")
        waves.append(np.pad(x[:8000], (0, max(0, 8000 - len(x)))))
        digit, _, index = path.stem.split("_")
        labels.append(int(digit))
        test.append(int(index) < 5)
    return torch.tensor(np.array(waves)), np.array(labels), np.array(test)


def load_esc10(root):
    waves, labels, test = [], [], []
    for row in csv.DictReader(open(pathlib.Path(root, "meta", "esc50.csv"))):
        x, rate = soundfile.read(pathlib.Path(root, "audio", row["filename"]), dtype="float32")
        x = torchaudio.functional.resample(torch.tensor(x), rate, 16000)[: 5 * 16000]
        waves.append(F.pad(x, (0, 5 * 16000 - len(x))))
        labels.append(int(row["target"]))
        test.append(row["fold"] == "5")
    return torch.stack(waves), np.unique(labels, return_inverse=True)[1], np.array(test)


def views(x, rng):
    """Fade in and out of random lengths and shape, then one time mask with faint noise, per clip."""
    x = x.clone()
    n = x.shape[1]
    curves = [
        (lambda u: u, lambda u: 1 - u),
        (lambda u: 2 ** (u - 1) * u, lambda u: 2 ** (-u) * (1 - u)),
        (lambda u: torch.log10(0.1 + u) + 1, lambda u: torch.log10(1.1 - u) + 1),
    ]
    for row in x:
        a, b = int(rng.uniform(0, n / 2)), int(rng.uniform(0, n / 2))
        fade_in, fade_out = curves[rng.integers(3)]
        if a:
            row[:a] *= fade_in(torch.linspace(0, 1, a)).clamp(0, 1)
        if b:
            row[n - b :] *= fade_out(torch.linspace(0, 1, b)).clamp(0, 1)
        length = int(rng.uniform(0, n / 8))
        start = rng.integers(0, n - length + 1)
        row[start : start + length] = 0.01 * torch.randn(length)
    return x


def nt_xent(a, b, t):
    z = F.normalize(torch.cat([a, b]))
    s = (z @ z.T / t).fill_diagonal_(float("-inf"))
    n = len(a)
    return F.cross_entropy(s, torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("task", choices=["digits", "esc10"])
    p.add_argument("dir")
    p.add_argument("--method", choices=["simclr", "supervised"], default="simclr")
    p.add_argument("--epochs", type=int, default=3, help="epochs that are run")
    p.add_argument("--of", type=int, help="epochs the schedule is made for; as many as are run if not given")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--probe", action="store_true")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    rng = np.random.default_rng(a.seed)
    if a.task == "digits":
        x, y, test = load_digits(a.dir)
        mel = torchaudio.transforms.MelSpectrogram(8000, 256, 256, 80, f_min=50, f_max=4000, n_mels=40)
        batch = 128
    else:
        x, y, test = load_esc10(a.dir)
        mel = torchaudio.transforms.MelSpectrogram(16000, 1024, 1024, 320, f_min=50, f_max=8000, n_mels=64)
        batch = 64
    features = lambda x: torch.log(mel(x) + 1e-6)
    train = x[~test]
    with torch.no_grad():
        f = features(train)
        mean, std = f.mean(), f.std()
    scaled = lambda x: ((features(x) - mean) / std).unsqueeze(1)
    net = resnet18(16)
    head = nn.Sequential(
        nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU(True), nn.Linear(128, 128), nn.BatchNorm1d(128), nn.ReLU(True),
        nn.Linear(128, 64, bias=False),
    )
    if a.method == "supervised":
        head = nn.Linear(128, 10)
    targets = torch.tensor(y[~test])
    params = [p for m in (net, head) for p in m.parameters()]
    groups = [{"params": [p for p in params if p.ndim > 1], "weight_decay": 1e-6}, {"params": [p for p in params if p.ndim <= 1]}]
    opt = torch.optim.Adam(groups, lr=1e-3)
    steps = len(train) // batch
    total, warm = (a.of or a.epochs) * steps, 5 * steps
    times = []
    for epoch in range(a.epochs):
        start = time.perf_counter()
        order, losses = torch.randperm(len(train)), []
        for s in range(steps):
            at = epoch * steps + s
            rate = (at + 1) / warm if at < warm else 0.5 * (1 + math.cos(math.pi * (at - warm) / max(1, total - warm)))
            for g in opt.param_groups:
                g["lr"] = 1e-3 * rate
            chosen = order[s * batch : (s + 1) * batch]
            clips = train[chosen]
            embed = lambda: head(net(scaled(views(clips, rng))))
            loss = nt_xent(embed(), embed(), 0.5) if a.method == "simclr" else F.cross_entropy(embed(), targets[chosen])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        times.append(time.perf_counter() - start)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {times[-1]:.2f} s", flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"torch {torch.__version__}, {a.threads} threads: median {np.median(times):.2f} s an epoch, peak memory {memory:.0f} MiB")
    if a.probe:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        net.eval()
        with torch.no_grad():
            e = torch.cat([net(scaled(c)) for c in x.split(128)]).numpy()
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(e[~test], y[~test])
        print(f"linear probe {probe.score(e[test], y[test]):.4f} on {test.sum()} clips")


if __name__ == "__main__":
    main()

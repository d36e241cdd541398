"""Time and memory of a training step of three encoders on the CPU, in PyTorch and here, one after the other in one run.

ResNet18 of width 64 on 64x251, AST-base on 128x1024 (1,214 tokens), Slowfast NFNet-F0 on 128x400: forward, backward and a
step of Adam. Every measurement is a process of its own, so that its peak memory is its own. The first step of each is not
counted; the median of the others is.

    python -m venv v && v/bin/pip install torch torchvision transformers
    v/bin/python benches/peers/encoders.py target/release/auricle [--threads 2] [--only resnet18]
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

CASES = {"resnet18": (16, 6), "ast": (1, 3), "nfnet": (4, 3)}
SHAPES = {"resnet18": (1, 64, 251), "ast": (1, 128, 1024), "nfnet": (1, 128, 400)}


def resnet18():
    import torchvision
    from torch import nn

    net = torchvision.models.resnet18()
    net.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    net.fc = nn.Identity()
    return net


def ast():
    from transformers import ASTConfig, ASTModel
    from torch import nn

    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = ASTModel(ASTConfig())

        def forward(self, x):
            # Theirs is frames by bands, without channels.
            return self.net(x[:, 0].transpose(1, 2)).pooler_output

    return Pooled()


def nfnet():
    """Slowfast NFNet-F0 (Wang et al., 2022), written from its description; 62,970,654 parameters. Its maps are frames by
    bands."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    alpha = 0.2

    def padded(x, kernel, stride):
        pad = []
        for n, k, s in reversed(list(zip(x.shape[-2:], kernel, stride))):
            total = max((-(-n // s) - 1) * s + k - n, 0)
            pad += [total // 2, total - total // 2]
        return F.pad(x, pad) if any(pad) else x

    def act(x):
        return F.gelu(x, approximate="tanh") * 1.7015043497085571

    class Conv(nn.Module):
        def __init__(self, i, o, kernel=(1, 1), stride=(1, 1), groups=1):
            super().__init__()
            self.kernel, self.stride, self.groups = kernel, stride, groups
            self.n = kernel[0] * kernel[1] * i // groups
            self.weight = nn.Parameter(torch.randn(o, i // groups, *kernel) / self.n**0.5)
            self.gain, self.bias = nn.Parameter(torch.ones(o, 1, 1, 1)), nn.Parameter(torch.zeros(o))

        def forward(self, x):
            w = self.weight
            var, mean = torch.var_mean(w, dim=(1, 2, 3), keepdim=True, unbiased=False)
            w = (w - mean) * self.gain / (var * self.n).clamp_min(1e-4).sqrt()
            return F.conv2d(padded(x, self.kernel, self.stride), w, self.bias, self.stride, 0, 1, self.groups)

    class Block(nn.Module):
        def __init__(self, i, o, kernel, stride, group, beta):
            super().__init__()
            self.beta, self.stride = beta, stride
            mid = o // 2
            groups = mid // group
            self.short = Conv(i, o) if stride != (1, 1) or i != o else None
            self.c0, self.c1 = Conv(i, mid), Conv(mid, mid, kernel, stride, groups)
            self.c2, self.c3 = Conv(mid, mid, (1, 3), (1, 1), groups), Conv(mid, o)
            self.fc0, self.fc1 = nn.Linear(o, o // 2), nn.Linear(o // 2, o)
            self.gain = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            a = act(x) * self.beta
            short = x
            if self.short is not None:
                short = self.short(F.avg_pool2d(a, self.stride, self.stride) if self.stride != (1, 1) else a)
            y = self.c3(act(self.c2(act(self.c1(act(self.c0(a)))))))
            gate = self.fc1(F.relu(self.fc0(y.mean((2, 3)))))
            return short + alpha * self.gain * (2 * torch.sigmoid(gate)[:, :, None, None] * y)

    class Path(nn.Module):
        def __init__(self, width, group, stem_kernels, kernels, extra):
            super().__init__()
            c = width[0] // 2
            sizes = [1, c // 8, c // 4, c // 2, c]
            strides = [(2, 2), (1, 1), (1, 1), (2, 2)]
            self.stem = nn.ModuleList(Conv(sizes[k], sizes[k + 1], stem_kernels[k], strides[k]) for k in range(4))
            self.stages = nn.ModuleList()
            expected, i = 1.0, c
            for stage, depth in enumerate([1, 2, 6, 3]):
                i += extra[stage]
                blocks = []
                for index in range(depth):
                    beta = 1 / expected
                    if index == 0:
                        expected = 1.0
                    expected = (expected**2 + alpha**2) ** 0.5
                    stride = (1, 2) if index == 0 and stage > 0 else (1, 1)
                    blocks.append(Block(i, width[stage], kernels[stage], stride, group, beta))
                    i = width[stage]
                self.stages.append(nn.Sequential(*blocks))
            self.last = Conv(width[3], 2 * width[3])

        def begin(self, x):
            for conv in self.stem[:3]:
                x = act(conv(x))
            return self.stem[3](x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            fused = [64, 256, 512, 1024]
            stem = [(1, 3), (1, 3), (1, 3), (3, 3)]
            self.slow = Path([256, 512, 1536, 1536], 128, stem, [(1, 1), (1, 1), (3, 1), (3, 1)], fused)
            self.fast = Path([32, 64, 192, 192], 16, [(3, 3), (1, 3), (1, 3), (3, 3)], [(3, 1)] * 4, [0] * 4)
            self.fuse = nn.ModuleList(Conv(i, o, (7, 1), (4, 1)) for i, o in zip([16, 32, 64, 192], fused))

        def forward(self, x):
            x = x.transpose(2, 3)
            slow = self.slow.begin(F.max_pool2d(x, (4, 1)))
            fast = self.fast.begin(x)
            for k in range(4):
                joined = F.gelu(self.fuse[k](fast), approximate="tanh")
                slow = self.slow.stages[k](torch.cat([slow, joined], 1))
                fast = self.fast.stages[k](fast)
            ends = [F.gelu(p.last(y), approximate="tanh").mean((2, 3)) for p, y in [(self.fast, fast), (self.slow, slow)]]
            return torch.cat(ends, 1)

    return Net()


def theirs(name, batch, steps, threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = {"resnet18": resnet18, "ast": ast, "nfnet": nfnet}[name]().train()
    print(sum(p.numel() for p in net.parameters()))
    x = torch.randn(batch, *SHAPES[name])
    opt = torch.optim.Adam(net.parameters(), lr=1e-4)
    for _ in range(steps):
        started = time.perf_counter()
        loss = (net(x) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(1000 * (time.perf_counter() - started))


def measured(command):
    """Parameters, median milliseconds of a step and peak memory in MiB of a process."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {status}")
    lines = out.split()
    steps = [float(line) for line in lines[1:]]
    return int(lines[0]), statistics.median(steps[1:]), usage.ru_maxrss / 1024


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program", help="the program `auricle`")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--only", choices=list(CASES))
    p.add_argument("--theirs", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.theirs:
        return theirs(args.theirs, *CASES[args.theirs], args.threads)
    recipe = str(pathlib.Path(__file__).with_suffix(".rhai"))
    print("| encoder | batch | parameters, theirs | ours | PyTorch, ms | ours, ms | ratio | PyTorch, MiB | ours, MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (batch, steps) in CASES.items():
        if args.only in (None, name):
            peer = measured([sys.executable, __file__, args.program, "--theirs", name, "--threads", str(args.threads)])
            ours = measured(
                [args.program, "run", "--quiet", "--threads", str(args.threads), recipe, name, str(batch), str(steps)]
            )
            print(
                f"| {name} | {batch} | {peer[0]:,} | {ours[0]:,} | {peer[1]:.0f} | {ours[1]:.0f} | "
                f"{peer[1] / ours[1]:.2f} | {peer[2]:.0f} | {ours[2]:.0f} |",
                flush=True,
            )


main()

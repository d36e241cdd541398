"""Makes the vectors beside this file: expressions of layers against PyTorch in double precision.

    pip install torch && python make.py

Every network is an nn.Sequential that stands beside the JSON of the same expression, so the names
of weights are PyTorch's own. The loss is sum(out * cos(k)), k = 1.. in row-major order, of a pass
in training mode; `after` holds the running statistics behind it.
"""

import gzip
import json
import math
import struct

import torch
import torch.nn.functional as F
from torch import nn


class Same(nn.Conv2d):
    """Padding of dilation * (kernel - 1) in all, the odd cell behind, at any stride."""

    def forward(self, x):
        pads = []
        for k, d in zip(reversed(self.kernel_size), reversed(self.dilation)):
            total = d * (k - 1)
            pads += [total // 2, total - total // 2]
        return self._conv_forward(F.pad(x, pads), self.weight, self.bias)


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        if shortcut is not None:
            self.shortcut = shortcut

    def forward(self, x):
        return self.body(x) + (self.shortcut(x) if hasattr(self, "shortcut") else x)


class Concat(nn.ModuleList):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1) if x.dim() == 3 else x.mean((2, 3))


class Maximum(nn.Module):
    def forward(self, x):
        return x.amax((2, 3))


class PatchEmbed(nn.Module):
    def __init__(self, dim, patch, stride):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, patch, stride)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Positions(nn.Module):
    def __init__(self, n, dim):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, n, dim))

    def forward(self, x):
        return x + self.pos_embed


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, dim = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, dim))


class FeedForward(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, 1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, 1e-6)
        self.mlp = FeedForward(dim, hidden)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def maps():
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        Same(4, 4, (4, 3), (1, 2), dilation=(2, 1), groups=2),
        nn.GroupNorm(2, 4),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(3, 2, 1),
        Residual(
            nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6)),
            nn.Sequential(nn.Conv2d(4, 6, 1, 2, bias=False), nn.BatchNorm2d(6)),
        ),
        nn.ReLU(),
        Residual(nn.Conv2d(6, 6, 3, padding=1)),
        nn.SiLU(),
        nn.AvgPool2d(2, 1, 1),
        Concat([Maximum(), Mean()]),
        nn.Linear(12, 5),
    )
    bn, relu = {"batch_norm": {}}, {"relu": {}}
    half = {"channels": 6, "stride": 2, "bias": False}
    layers = [
        {"conv2d": {"channels": 4}},
        bn,
        relu,
        {"conv2d": {"channels": 4, "kernel": [4, 3], "stride": [1, 2], "dilation": [2, 1], "groups": 2}},
        {"group_norm": {"groups": 2}},
        {"leaky_relu": {"slope": 0.1}},
        {"max_pool": {"kernel": 3, "stride": 2, "padding": 1}},
        {"residual": {"body": [{"conv2d": half}, bn], "shortcut": [{"conv2d": {**half, "kernel": 1}}, bn]}},
        relu,
        {"residual": {"body": [{"conv2d": {"channels": 6}}]}},
        {"silu": {}},
        {"avg_pool": {"kernel": 2, "stride": 1, "padding": 1}},
        {"parallel": {"branches": [[{"global_max": {}}], [{"global_mean": {}}]], "join": "concat"}},
        {"linear": {"outputs": 5}},
    ]
    clips = {"features": {"channels": 2, "bands": None, "frames": None}}
    return net, layers, clips, (3, 2, 23, 31)


def tokens():
    net = nn.Sequential(
        PatchEmbed(8, 4, 3),
        Positions(6, 8),
        nn.Sequential(Block(8, 2, 24), Block(8, 2, 24)),
        nn.LayerNorm(8),
        nn.GELU(),
        Mean(),
        nn.Linear(8, 3, bias=False),
    )
    layers = [
        {"patch_embed": {"dim": 8, "patch": 4, "stride": 3}},
        {"positions": {}},
        {"transformer": {"heads": 2, "depth": 2, "ratio": 3}},
        {"layer_norm": {}},
        {"gelu": {}},
        {"global_mean": {}},
        {"linear": {"outputs": 3, "bias": False}},
    ]
    clips = {"features": {"channels": 1, "bands": 8, "frames": 11}}
    return net, layers, clips, (3, 1, 8, 11)


def line():
    net = nn.Sequential(
        nn.Conv1d(2, 4, 5, 2, 2, groups=2),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(4, 3, 3, dilation=2),
        nn.AvgPool1d(2),
        nn.Flatten(),
        nn.Linear(15, 4),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.Linear(4, 2),
    )
    layers = [
        {"conv1d": {"channels": 4, "kernel": 5, "stride": 2, "groups": 2}},
        {"batch_norm": {}},
        {"relu": {}},
        {"max_pool": {"kernel": 2}},
        {"conv1d": {"channels": 3, "dilation": 2, "padding": 0}},
        {"avg_pool": {"kernel": 2}},
        {"flatten": {}},
        {"linear": {"outputs": 4}},
        {"batch_norm": {}},
        {"relu": {}},
        {"linear": {"outputs": 2}},
    ]
    clips = {"waves": {"channels": 2, "samples": 59}}
    return net, layers, clips, (5, 2, 59)


def run(net, x):
    """Loss and everything that is compared, in the precision of the network."""
    net.eval()
    out = {"eval.out": net(x).detach()}
    net.train()
    x = x.clone().requires_grad_()
    y = net(x)
    cosines = torch.tensor([math.cos(k) for k in range(1, y.numel() + 1)], dtype=torch.float64)
    loss = (y * cosines.to(y.dtype).reshape(y.shape)).sum()
    net.zero_grad()
    loss.backward()
    out |= {"train.out": y.detach(), "loss": loss.detach(), "grad_x": x.grad}
    out |= {f"grad.{name}": p.grad for name, p in net.named_parameters()}
    is_running = lambda name: "running_" in name
    out |= {f"after.{n}": b.clone() for n, b in net.named_buffers() if is_running(n)}
    return out


def write(path, tensors):
    header, data = {}, b""
    for name, (dtype, tensor) in sorted(tensors.items()):
        code = {"F32": "f", "F64": "d"}[dtype]
        values = tensor.double().flatten().tolist()
        raw = struct.pack(f"<{len(values)}{code}", *values)
        shape = list(tensor.shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    cases = []
    for make in (maps, tokens, line):
        torch.manual_seed(1)
        net, layers, clips, shape = make()
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                scale = 0.3 if tensor.dim() > 1 else 0.1
                tensor.copy_(scale * torch.randn(tensor.shape) + (tensor.abs() if tensor.dim() == 1 else 0))
        for module in net.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.running_var.abs_().add_(0.5)
        x = torch.randn(shape)
        weights = {n: t.clone() for n, t in net.state_dict().items() if t.is_floating_point()}
        single = run(net, x)
        net.load_state_dict(weights, strict=False)
        net.double()
        out = run(net, x.double())
        tolerance = {}
        for name, want in out.items():
            scale = want.abs().max().item()
            error = (single[name].double() - want).abs().max().item()
            # Twenty times what PyTorch's own single precision is away, at least a millionth.
            tolerance[f"out.{name}"] = {"rtol": 1e-4, "atol": max(20 * error, 1e-6 * scale, 1e-7)}
        tensors = {"in.x": ("F32", x)}
        tensors |= {f"in.w.{name}": ("F32", tensor) for name, tensor in weights.items()}
        tensors |= {f"out.{name}": ("F64", tensor) for name, tensor in out.items()}
        name = f"layers_{make.__name__}"
        write(f"{name}.safetensors.gz", tensors)
        params = {"layers": layers, "clips": clips}
        file = f"{name}.safetensors"
        cases.append({"id": name, "kind": "layers", "file": file, "params": params, "tolerance": tolerance})
    manifest = {"torch": torch.__version__, "cases": cases}
    with open("manifest.json", "w") as file:
        json.dump(manifest, file, indent=1)


main()

"""Makes the vectors beside this file: groups, frozen parts and schedules, by PyTorch in double precision.

    pip install torch && python make.py

Groups and frozen parts: a network of linear, batch norm, ReLU and linear, trained for some steps by
optimizers with `param_groups`, whose rates are multiplied by a factor a step. Weight decay holds
for matrices alone. Frozen is `requires_grad_(False)` and `eval()`.
"""

import gzip
import json
import struct

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import lr_scheduler

STEPS, BATCH, INPUTS, HIDDEN, CLASSES = 5, 12, 6, 8, 3
FACTORS = [0.5, 1.0, 0.9, 0.6, 0.2]
DECAY = 0.05
# Parts with a rate, a decay, or both of their own; the others are as for all.
GROUPS = {
    "fc1": {"learning_rate": 0.004, "weight_decay": 0.3},
    "bn": {"learning_rate": 0.05},
    "bn.bias": {"learning_rate": 0.0},
}
OPTIMIZERS = {
    "sgd": (0.1, lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.9)),
    "adam": (0.01, lambda groups, lr: torch.optim.Adam(groups, lr)),
    "adamw": (0.02, lambda groups, lr: torch.optim.AdamW(groups, lr)),
}


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        # A bias before a norm has a gradient of 0, which Adam divides by itself.
        self.fc1 = nn.Linear(INPUTS, HIDDEN, bias=False)
        self.bn = nn.BatchNorm1d(HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, CLASSES)

    def forward(self, x):
        return self.fc2(F.relu(self.bn(self.fc1(x))))


def train(net, name, groups, x, labels, frozen):
    rate, optimizer = OPTIMIZERS[name]
    parameters = []
    for weight, p in net.named_parameters():
        # The longest name that fits holds.
        fits = [g for g in groups if weight == g or weight.startswith(g + ".")]
        own = groups[max(fits, key=len)] if fits else {}
        decay = own.get("weight_decay", DECAY) if p.dim() > 1 else 0.0
        parameters.append({"params": [p], "lr": own.get("learning_rate", rate), "weight_decay": decay})
    net.train()
    for part in frozen:
        getattr(net, part).requires_grad_(False).eval()
    optimizer = optimizer(parameters, rate)
    rates = [group["lr"] for group in optimizer.param_groups]
    losses = []
    for step, factor in enumerate(FACTORS):
        for group, base in zip(optimizer.param_groups, rates):
            group["lr"] = factor * base
        loss = F.cross_entropy(net(x[step]), labels[step])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    after = {f"final.{n}": t.clone() for n, t in net.state_dict().items() if t.is_floating_point()}
    return {"losses": torch.stack(losses)} | after


def case(name, groups, frozen):
    torch.manual_seed(3)
    start = Mlp()
    start.bn.running_mean.normal_()
    start.bn.running_var.uniform_(0.5, 2.0)
    start.bn.weight.data.uniform_(0.5, 1.5)
    start.bn.bias.data.normal_(0, 0.3)
    weights = {n: t.clone() for n, t in start.state_dict().items() if t.is_floating_point()}
    x, labels = torch.randn(STEPS, BATCH, INPUTS), torch.randint(0, CLASSES, (STEPS, BATCH))
    out, single = {}, {}
    for kind in OPTIMIZERS:
        for found, dtype in ((single, torch.float32), (out, torch.float64)):
            net = Mlp()
            net.load_state_dict(weights, strict=False)
            given = train(net.to(dtype), kind, groups, x.to(dtype), labels, frozen)
            found |= {f"{kind}.{n}": t for n, t in given.items()}
    tensors = {"in.x": x, "in.labels": labels}
    tensors |= {f"in.w.{n}": t for n, t in weights.items()}
    params = {"rates": {n: rate for n, (rate, _) in OPTIMIZERS.items()}, "weight_decay": DECAY}
    params |= {"groups": groups, "frozen": frozen, "factors": FACTORS}
    return name, "groups", params, tensors, out, single


def schedules():
    """Rates of PyTorch's own schedulers, of a base rate of 1, by the epoch."""

    def rates(make):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
        scheduler = make(optimizer)
        found = []
        for _ in range(30):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return torch.tensor(found, dtype=torch.float64)

    out = {
        "multistep": rates(lambda o: lr_scheduler.MultiStepLR(o, [12, 21, 27], 0.2)),
        "every": rates(lambda o: lr_scheduler.StepLR(o, 4, 0.5)),
        # The transformer's own recipe: 0.85 an epoch from the fifth on.
        "from": rates(lambda o: lr_scheduler.MultiStepLR(o, list(range(5, 30)), 0.85)),
        "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 30, 0.1)),
        "constant": rates(lambda o: lr_scheduler.ConstantLR(o, 1.0)),
    }
    return "schedules", "schedules", {"epochs": 30}, {}, out, out


def write(path, tensors):
    header, data = {}, b""
    codes = {torch.float32: ("F32", "f"), torch.float64: ("F64", "d"), torch.int64: ("I64", "q")}
    for name, tensor in sorted(tensors.items()):
        dtype, code = codes[tensor.dtype]
        values = tensor.flatten().tolist()
        raw = struct.pack(f"<{len(values)}{code}", *values)
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    cases = []
    made = [case("groups", GROUPS, []), case("frozen", {}, ["fc1", "bn"]), schedules()]
    for name, kind, params, tensors, out, single in made:
        tolerance = {}
        for key, want in out.items():
            # Twenty times what PyTorch's own single precision is away, at least a millionth.
            error = (single[key].double() - want).abs().max().item()
            scale = want.abs().max().item()
            tolerance[f"out.{key}"] = {"rtol": 1e-5, "atol": max(20 * error, 1e-6 * scale, 1e-7)}
        write(f"{name}.safetensors.gz", tensors | {f"out.{n}": t.double() for n, t in out.items()})
        file = f"{name}.safetensors"
        cases.append({"id": name, "kind": kind, "file": file, "params": params, "tolerance": tolerance})
    with open("manifest.json", "w") as file:
        json.dump({"torch": torch.__version__, "cases": cases}, file, indent=1)


main()

"""Writes the files of PyTorch that `nn/pytorch_file.rs` is tested on. Run with any torch of 2."""

import torch

layer = torch.nn.Linear(3, 2)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[0.5, -1.0, 2.0], [0.25, 3.0, -0.125]]))
    layer.bias.copy_(torch.tensor([1.0, -2.0]))
weights = {f"layers.0.{name}": tensor for name, tensor in layer.state_dict().items()}
torch.save(weights, "plain.pt")

optimizer = torch.optim.Adam(layer.parameters())
layer(torch.ones(1, 3)).sum().backward()
optimizer.step()
wrapped = {f"module.{name}": tensor.half() for name, tensor in weights.items()}
wrapped["module.norm.num_batches_tracked"] = torch.tensor(7)
# A view that is not laid out row by row.
with torch.no_grad():
    kept = torch.tensor([[0.5, 0.25], [-1.0, 3.0], [2.0, -0.125]]).half()
wrapped["module.layers.0.weight"] = kept.t()
wrapped["module.layers.0.bias"] = torch.tensor([1.0, -2.0], dtype=torch.bfloat16)
torch.save({"epoch": 3, "state_dict": wrapped, "optimizer": optimizer.state_dict()}, "training.pth")

"""The released network as one TorchScript file, for servers that are not ours: `make bench` gives it to each of them."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from model.inference import Classifier


class _Whole(nn.Module):
    """`uint8[n, 28, 28]` to calibrated logits `float32[n, 10]`."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.layers(pixels.unsqueeze(1).float())
        return logits


def write_torchscript(released: Path, file: Path) -> None:
    """Traced and frozen, for any number of pictures; `torch.jit.optimize_for_inference` is for whoever loads it, since what that makes
    cannot be saved. Raises ReleaseUnusable."""
    whole = _Whole(Classifier(released).layers).eval()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # PyTorch would have one use its successor, which other servers don't load
        script = torch.jit.trace(whole, torch.zeros(2, 28, 28, dtype=torch.uint8))  # type: ignore[no-untyped-call]
        script = torch.jit.freeze(script.eval())
    file.parent.mkdir(parents=True, exist_ok=True)
    script.save(str(file))

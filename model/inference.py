"""The released network at single precision: what every faster arithmetic is held to, and what serves where there is none."""

import copy
import json
import math
import pickle
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.network import DigitNetwork, Residual, build
from model.preprocess.place import SIDE

ARITHMETIC = "float32"
"""Precision that the logits are computed in."""

BATCH = 64
"""Pictures that go through the network at once; `make evaluate` measures one picture and this many."""


class ReleaseUnusable(Exception):
    """The released network is missing, damaged or described wrongly. The message is one line that names the file."""


class Classifier:
    """Canonical pixels to calibrated logits, in evaluation mode and at single precision.

    Batch normalisation, the identity of residual blocks, the scaling of pixels and the temperature are folded into the weights, and
    activations lie channels-last. Tracing and freezing on top are deprecated in PyTorch and gained little.
    """

    arithmetic = ARITHMETIC

    def __init__(self, released: Path) -> None:
        """Loads `weights.pt` and `release.json` of a folder. Raises ReleaseUnusable."""
        network, temperature, self.side = _release(released)
        self.layers = fold(_load(released / "weights.pt", network), temperature)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`uint8[n, side, side]` to `float32[n, 10]`, already divided by the temperature: their softmax is the probability.

        Any n; a picture's logits depend on the batch it travelled in by float noise alone (1e-5 at most between batches of 1 and 64, over
        2,048 pictures with logits up to 26).
        Raises ValueError for another shape or dtype.
        """
        check_pixels(pixels, self.side)
        answer = np.empty((len(pixels), 10), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(pixels), BATCH):
                batch = torch.from_numpy(pixels[start : start + BATCH].astype(np.float32)).unsqueeze(1)
                answer[start : start + BATCH] = self.layers(batch).numpy()
        return answer


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """`[n, 10]` logits to `float64[n, 10]` probabilities; no logit is too large."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def energy(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log of the sum of the exponentials of logits `[n, 10]`, in nats, `float64[n]`: the negative free energy (Liu et al. 2020).

    Digits have more of it than pictures of anything else.
    """
    wide = logits.astype(np.float64)
    top = wide.max(axis=1)
    total: NDArray[np.float64] = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    return total


def check_pixels(pixels: NDArray[np.uint8], side: int = SIDE) -> None:
    """Raises ValueError where they are not canonical in shape or dtype."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[1:] != (side, side):
        raise ValueError(f"canonical pixels are uint8[n, {side}, {side}], not {pixels.dtype}{list(pixels.shape)}")


def fold(network: DigitNetwork, temperature: float) -> nn.Sequential:
    """The same function as `network` in evaluation mode, divided by `temperature`, of float pixels `[n, 1, side, side]` in 0..255."""
    layers = [served for layer in network.eval().layers for served in _folded(layer)]
    first, last = layers[0], layers[-1]
    if not isinstance(first, nn.Conv2d) or not isinstance(last, nn.Linear):
        raise ReleaseUnusable("a network that does not begin with a convolution and end with a linear layer cannot be folded")
    with torch.no_grad():
        first.weight.div_(255)
        last.weight.div_(temperature)
        last.bias.div_(temperature)
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            layer.weight = nn.Parameter(layer.weight.contiguous(memory_format=torch.channels_last))
    return nn.Sequential(*layers).eval().requires_grad_(False)


def _folded(layer: nn.Module) -> list[nn.Module]:
    match layer:
        case Residual():
            convolution = fuse_conv_bn_eval(layer.convolution, layer.norm)
            own = torch.arange(convolution.out_channels)
            with torch.no_grad():
                convolution.weight[own, own, 1, 1] += 1
            return [convolution, nn.ReLU(inplace=True)]
        case nn.Sequential():
            first, *rest = layer
            if isinstance(first, nn.Conv2d) and rest and isinstance(rest[0], nn.BatchNorm2d):
                return [fuse_conv_bn_eval(first, rest[0]), *(copy.deepcopy(module) for module in rest[1:])]
            return [copy.deepcopy(module) for module in layer]
        case nn.Dropout():
            return []
        case _:
            return [copy.deepcopy(layer)]


def _release(released: Path) -> tuple[str, float, int]:
    file = released / "release.json"
    try:
        release = json.loads(file.read_text(encoding="utf-8"))
        network, temperature = release["network"], float(release["temperature"])
        if not 0 < temperature < math.inf:
            raise ValueError(f"a temperature of {temperature}")
        side = release.get("side", SIDE)
        if not isinstance(side, int) or side < 1:
            raise ValueError(f"a side of {side!r}")
    except FileNotFoundError:
        raise ReleaseUnusable(f"no released network: {file} is missing; `python -m model train` makes one") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseUnusable(f"{file} is no release: {error!r}") from error
    return str(network), temperature, side


def _load(weights: Path, network: str) -> DigitNetwork:
    try:
        built = build(network)
        built.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    except FileNotFoundError:
        raise ReleaseUnusable(f"no released network: {weights} is missing; `python -m model train` makes one") from None
    except (ValueError, RuntimeError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        raise ReleaseUnusable(
            f"{weights} does not hold the weights of {network!r}: {(str(error) or repr(error)).splitlines()[0]}"
        ) from error
    return built

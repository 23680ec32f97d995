"""How large the input of each layer grows on training pictures, by which eight-bit arithmetic spreads its levels."""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.compiled import RANGES
from model.inference import Classifier

PICTURES = 4_096


def write_ranges(released: Path, training: NDArray[np.uint8]) -> None:
    """Write `ranges.json` of the network in `released`, by the first PICTURES of `training`, uint8[n, 28, 28]. Raises ReleaseUnusable."""
    pictures = training[:PICTURES]
    maxima = layer_maxima(Classifier(released).layers, pictures)
    (released / RANGES).write_text(json.dumps({"training_pictures": len(pictures), "maxima": maxima}, indent=1) + "\n")


def layer_maxima(layers: nn.Sequential, pixels: NDArray[np.uint8]) -> list[float]:
    """Of the input of each layer with weights, in the layers' order. `pixels` are uint8[n, 28, 28]."""
    maxima = []
    with torch.inference_mode():
        x = torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1)
        for layer in layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                maxima.append(float(x.max()))
            x = layer(x.clone())
    return maxima

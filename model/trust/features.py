"""What the network makes of pictures: logits, and the features that they are computed from, few enough to be compared."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from model.inference import BATCH, Classifier, check_pixels

QUARTERS = 2
"""Cells along either side that each map of the last convolution is averaged over. That keeps where in the picture something is: validation
outliers are told apart better than by the mean of the whole map. Three cells a side did as well or better still, by up to 0.008 in AUROC
(`LOG.md`), for more than twice the numbers to keep and compare: two were taken for their size."""


@dataclass(frozen=True)
class Seen:
    """Of n pictures: calibrated `logits` float32[n, 10] and `features` float32[n, k]."""

    logits: NDArray[np.float32]
    features: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.logits)

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Seen":
        return Seen(self.logits[chosen], self.features[chosen])


def only_logits(logits: NDArray[np.float32]) -> Seen:
    """Of `[n, 10]`, without features: for scores that ask for none."""
    return Seen(logits, np.zeros((len(logits), 0), np.float32))


def see(classifier: Classifier, pixels: NDArray[np.uint8], name: str) -> Seen:
    """Pictures `uint8[n, 28, 28]` of at least one, as the network sees them; `name` stands beside the progress bar.

    Raises ValueError for another shape or dtype.
    """
    check_pixels(pixels)
    parts = []
    with torch.inference_mode(), tqdm(total=len(pixels), desc=f"seeing {name}", unit="picture", disable=None) as bar:
        for start in range(0, len(pixels), BATCH):
            parts.append(_seen(classifier.layers, pixels[start : start + BATCH]))
            bar.update(len(parts[-1]))
    return Seen(np.concatenate([part.logits for part in parts]), np.concatenate([part.features for part in parts]))


def _seen(layers: nn.Sequential, pixels: NDArray[np.uint8]) -> Seen:
    """The last layer's input; where that is the maps of a convolution, they are averaged over quarters."""
    flat = isinstance(layers[-2], nn.Flatten)
    *body, last = layers
    if flat:
        *body, flatten = body
        last = nn.Sequential(flatten, last)
    before = nn.Sequential(*body)(torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1))
    features = functional.adaptive_avg_pool2d(before, QUARTERS) if flat else before
    return Seen(last(before).numpy(), features.flatten(1).numpy())

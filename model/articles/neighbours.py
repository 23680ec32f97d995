"""Nearest neighbours by Euclidean distance: the training pictures are the model, and reading a picture is looking at all of them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.metrics import CLASSES

CHUNK = 256


@dataclass(frozen=True)
class Neighbours:
    """`known` float32[n, d] with their `labels` int64[n]; half the squared length of each, which distances need, is kept."""

    known: Tensor
    labels: Tensor
    half_squared: Tensor

    @classmethod
    def of(cls, vectors: NDArray[np.float32], labels: NDArray[np.uint8]) -> "Neighbours":
        known = torch.from_numpy(vectors)
        return cls(known, torch.from_numpy(labels).long(), (known**2).sum(1) / 2)

    def nearest(self, vectors: NDArray[np.float32], k: int) -> NDArray[np.intp]:
        """Labels of the `k` nearest, the nearest first: `intp[n, k]`."""
        found = [self._nearest(part, k) for part in torch.split(torch.from_numpy(vectors), CHUNK)]
        labels: NDArray[np.intp] = torch.cat(found).numpy()
        return labels

    def _nearest(self, vectors: Tensor, k: int) -> Tensor:
        return self.labels[(vectors @ self.known.T - self.half_squared).topk(k, dim=1).indices]


def voted(nearest: NDArray[np.intp]) -> NDArray[np.intp]:
    """The most frequent label of each row, `intp[n]` of `intp[n, k]`; of equally frequent ones that which has the nearest."""
    k = nearest.shape[1]
    votes = np.zeros((len(nearest), CLASSES))
    for place in range(k):
        votes[np.arange(len(nearest)), nearest[:, place]] += 1 + (k - place) * 1e-6 / k
    digits: NDArray[np.intp] = votes.argmax(axis=1)
    return digits

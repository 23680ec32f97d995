"""A support vector machine with a Gaussian kernel, one for each pair of digits, trained by sequential minimal optimisation.

The working set is chosen by second-order information (Fan, Chen and Lin 2005), as LIBSVM does, whose answers it gives.
Written here since scikit-learn is no dependency of this project; one row of the report is no reason for one.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from model.metrics import CLASSES, Floats

PAIRS = tuple(combinations(range(CLASSES), 2))
TOLERANCE = 1e-3
"""How far the optimality conditions may be from met, as LIBSVM has it."""

MOST_STEPS = 1_000_000
TINY = 1e-12


@dataclass(frozen=True)
class SupportVectors:
    """`vectors` float32[s, d], `weights` float32[s, 45], `biases` float32[45]: a column for each pair, positive for its first digit."""

    vectors: Tensor
    weights: Tensor
    biases: Tensor
    gamma: float

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.intp]:
        """The digit with most votes of the 45, `intp[n]`; of equal ones the lowest."""
        said = kernel(torch.from_numpy(features), self.vectors, self.gamma) @ self.weights + self.biases
        votes = np.zeros((len(features), CLASSES), np.intp)
        for column, (first, second) in enumerate(PAIRS):
            wins = (said[:, column] > 0).numpy()
            votes[:, first] += wins
            votes[:, second] += ~wins
        digits: NDArray[np.intp] = votes.argmax(axis=1)
        return digits


def fit(features: NDArray[np.float32], labels: NDArray[np.uint8], *, c: float, gamma: float) -> SupportVectors:
    """Train all pairs of the digits that occur. `features` float32[n, d]; `c` bounds a picture's weight, `gamma` is the kernel's."""
    weights = np.zeros((len(features), len(PAIRS)))
    biases = np.zeros(len(PAIRS))
    for column, pair in enumerate(tqdm(PAIRS, desc=f"SVM, C {c:g}, gamma {gamma:g}", unit="pair", disable=None)):
        members = np.flatnonzero(np.isin(labels, pair))
        signs = np.where(labels[members] == pair[0], 1.0, -1.0)
        if len(set(signs)) < 2:
            biases[column] = signs[0] if len(signs) else 0.0
            continue
        alphas, biases[column] = _optimise(_Rows(torch.from_numpy(features[members]), gamma), signs, c)
        weights[members, column] = alphas * signs
    used = np.flatnonzero(weights.any(axis=1))
    return SupportVectors(
        torch.from_numpy(features[used]),
        torch.from_numpy(weights[used].astype(np.float32)),
        torch.from_numpy(biases.astype(np.float32)),
        gamma,
    )


def kernel(ones: Tensor, others: Tensor, gamma: float) -> Tensor:
    """`float32[n, m]`: exp(-gamma squared distance) of each of `ones` float32[n, d] to each of `others` float32[m, d]."""
    squared = (ones**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * ones @ others.T
    return torch.exp(-gamma * squared.clamp(min=0))


class _Rows:
    """Rows of a pair's kernel, each computed when first asked for."""

    def __init__(self, features: Tensor, gamma: float) -> None:
        self.features, self.gamma = features, gamma
        self.known: dict[int, Floats] = {}

    def __getitem__(self, row: int) -> Floats:
        if row not in self.known:
            self.known[row] = kernel(self.features[row : row + 1], self.features, self.gamma)[0].double().numpy()
        return self.known[row]


def _optimise(rows: _Rows, signs: Floats, c: float) -> tuple[Floats, float]:
    """The dual's weights `float64[n]` in 0..c, and the bias."""
    alphas, gradient = np.zeros(len(signs)), -np.ones(len(signs))
    for _ in range(MOST_STEPS):
        slope = -signs * gradient
        may_rise = np.where(signs > 0, alphas < c, alphas > 0)
        may_fall = np.where(signs > 0, alphas > 0, alphas < c)
        rising = np.where(may_rise, slope, -np.inf)
        one = int(rising.argmax())
        lowest = slope[may_fall].min()
        if rising[one] - lowest < TOLERANCE:
            break
        gain = np.where(may_fall, slope[one] - slope, 0).clip(0)
        curve = np.maximum(2 - 2 * rows[one], TINY)
        other = int((gain**2 / curve).argmax())
        room = (c - alphas[one] if signs[one] > 0 else alphas[one], alphas[other] if signs[other] > 0 else c - alphas[other])
        step = min(gain[other] / curve[other], *room)
        alphas[one] += signs[one] * step
        alphas[other] -= signs[other] * step
        gradient += signs * step * (rows[one] - rows[other])
    return alphas.clip(0, c), float((rising[one] + lowest) / 2)

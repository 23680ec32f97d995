"""How good a reader is, in numbers: pure functions over labels, predictions and probabilities, each with the source of its method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import RESAMPLES, interval, resampled_mean

CLASSES = 10

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8] | NDArray[np.intp]


@dataclass(frozen=True)
class ClassScores:
    """Per digit, each `float64[10]` in 0..1. A digit never predicted has precision 0, one that never occurs has recall 0."""

    precision: Floats
    recall: Floats
    f1: Floats


@dataclass(frozen=True)
class Reliability:
    """Per bin that holds any picture: how many (`intp[bins]`), their mean confidence and their accuracy (`float64[bins]`)."""

    count: NDArray[np.intp]
    confidence: Floats
    accuracy: Floats


@dataclass(frozen=True)
class Difference:
    """A difference of two accuracies with the 2.5th and 97.5th percentile of its resamples."""

    estimate: float
    low: float
    high: float


def cross_entropy(logits: NDArray[np.floating], labels: Labels) -> float:
    """Mean negative log-likelihood of the labels, in nats. From logits, so that a certain error is large and not infinite."""
    wide = logits.astype(np.float64)
    top = wide.max(axis=1)
    normaliser = top + np.log(np.exp(wide - top[:, None]).sum(axis=1))
    return float((normaliser - wide[np.arange(len(labels)), labels]).mean())


def brier(probabilities: Floats, labels: Labels) -> float:
    """Mean squared distance between the probabilities and the truth, summed over the classes: 0 to 2 (Brier 1950)."""
    return float(((probabilities - np.eye(CLASSES)[labels]) ** 2).sum(axis=1).mean())


def confusion(labels: Labels, predicted: Labels) -> NDArray[np.intp]:
    """`intp[10, 10]`: row is the label, column what was predicted."""
    cells = labels.astype(np.intp) * CLASSES + predicted
    return np.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


def class_scores(table: NDArray[np.intp]) -> ClassScores:
    """Precision TP / (TP + FP), recall TP / (TP + FN) and their harmonic mean from a confusion matrix as `confusion` makes it."""
    hits = np.diag(table).astype(np.float64)
    precision = hits / np.maximum(table.sum(axis=0), 1)
    recall = hits / np.maximum(table.sum(axis=1), 1)
    total = precision + recall
    return ClassScores(precision, recall, 2 * precision * recall / np.where(total == 0, 1, total))


def equal_width_bins(confidence: Floats, bins: int) -> NDArray[np.intp]:
    """The bin of each confidence, `intp[n]`: `bins` intervals of equal width over 0..1, closed above (Guo et al. 2017)."""
    return np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)


def equal_mass_bins(confidence: Floats, bins: int) -> NDArray[np.intp]:
    """The bin of each confidence, `intp[n]`: as many pictures in each, to within one (Nixon et al. 2019)."""
    rank = np.empty(len(confidence), np.intp)
    rank[np.argsort(confidence, kind="stable")] = np.arange(len(confidence))
    return rank * bins // len(confidence)


def reliability(confidence: Floats, correct: NDArray[np.bool_], bin_of: NDArray[np.intp]) -> Reliability:
    """What was promised and what was kept, bin by bin; empty bins are left out."""
    count = np.bincount(bin_of)
    used = count > 0
    return Reliability(
        count[used],
        np.bincount(bin_of, weights=confidence)[used] / count[used],
        np.bincount(bin_of, weights=correct)[used] / count[used],
    )


def calibration_error(bins: Reliability) -> float:
    """Expected calibration error in 0..1: the mean gap between confidence and accuracy, weighted by pictures (Naeini et al. 2015)."""
    return float((bins.count * np.abs(bins.accuracy - bins.confidence)).sum() / bins.count.sum())


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927): right near 1 and for few trials, where the normal one is not. No trials: 0 to 1."""
    if trials == 0:
        return 0.0, 1.0
    z = 1.959964
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def share(correct: NDArray[np.bool_]) -> dict[str, Any]:
    """What results say of n answers: accuracy in 0..1, `None` of none, how many are wrong, and the accuracy's 95 % interval (`wilson`)."""
    n, right = len(correct), int(correct.sum())
    return {"accuracy": right / n if n else None, "errors": n - right, "interval": list(wilson(right, n))}


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """Mean, sample standard deviation (`None` for one value) and n."""
    return {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None, "n": len(values)}


def cluster_difference(
    correct: NDArray[np.bool_], cluster: NDArray[np.integer], in_first: NDArray[np.bool_], *, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Accuracy of the pictures `in_first` minus that of the others, with a bootstrap that resamples whole clusters within either group.

    All three have shape (n,). Pictures of one writer err together, so pictures drawn one by one would give too narrow an interval
    (Cameron, Gelbach and Miller 2008). Raises ValueError when a group is empty.
    """
    if in_first.all() or not in_first.any():
        raise ValueError("both groups need pictures")
    rng = np.random.default_rng(seed)
    first = resampled_mean(correct[in_first], cluster[in_first], rng, resamples)
    second = resampled_mean(correct[~in_first], cluster[~in_first], rng, resamples)
    return Difference(float(correct[in_first].mean() - correct[~in_first].mean()), *interval(first - second))


def cluster_interval(
    values: Floats | NDArray[np.bool_], cluster: NDArray[np.integer], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the mean of values, shape (n,), by a bootstrap that resamples whole clusters as `cluster_difference` does."""
    return interval(resampled_mean(values, cluster, np.random.default_rng(seed), resamples))

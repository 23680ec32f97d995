"""How long one network takes beside another: calls of both in turn, so that whatever else this machine does slows both down alike."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats
from model.renewal.panels import Reader

CALLS = {1: 400, 64: 400}
"""Pictures in a call, and pairs of calls: so many that the interval is narrow on a machine that does other things as well."""

WARM_UP = 20


def pace(candidate: Reader, current: Reader, pixels: NDArray[np.uint8], *, seed: int, resamples: int, calls: dict[int, int]) -> Any:
    """For each batch size: median milliseconds of either, and the median of candidate by current, pair by pair, with its interval of 95 %.

    Who goes first alternates. `pixels`, uint8[n, 28, 28], are read again and again; on as many threads as torch has.
    """
    rng = np.random.default_rng(seed)
    return [_beside(candidate, current, np.resize(pixels, (batch, 28, 28)), pairs, resamples, rng) for batch, pairs in calls.items()]


def _beside(
    candidate: Reader, current: Reader, pixels: NDArray[np.uint8], pairs: int, resamples: int, rng: np.random.Generator
) -> dict[str, Any]:
    readers = (candidate, current)
    for _ in range(min(WARM_UP, pairs)):
        for reader in readers:
            reader.logits(pixels)
    taken = np.empty((pairs, 2))
    for pair in range(pairs):
        for which in (0, 1) if pair % 2 else (1, 0):
            started = time.perf_counter()
            readers[which].logits(pixels)
            taken[pair, which] = time.perf_counter() - started
    ratios = taken[:, 0] / taken[:, 1]
    low, high = median_interval(ratios, resamples, rng)
    of_candidate, of_current = np.median(taken, axis=0) * 1_000
    return {
        "batch": len(pixels),
        "pairs": pairs,
        "candidate_ms": float(of_candidate),
        "current_ms": float(of_current),
        "ratio": float(np.median(ratios)),
        "low": low,
        "high": high,
    }


def median_interval(values: Floats, resamples: int, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of a median by the bootstrap."""
    drawn = values[rng.integers(0, len(values), (resamples, len(values)))]
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return float(low), float(high)

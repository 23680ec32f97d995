"""Intervals by drawing whole writers anew, all resamples at once: a writer's pictures err together (Cameron, Gelbach and Miller 2008)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]

RESAMPLES = 10_000

DRAWN_TOGETHER = 4_000_000
"""Writers, over several resamples, that are held in memory at a time where they are drawn one by one."""

LEVEL = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""


@dataclass(frozen=True)
class Draws:
    """How often each of a group's writers is in each resample: `float64[resamples, writers]`, a row's sum being the number of writers."""

    times: _Floats

    @classmethod
    def of(cls, writers: int, resamples: int, rng: np.random.Generator) -> "Draws":
        """As many writers as there are, drawn with replacement, once a resample."""
        return cls(rng.multinomial(writers, np.full(writers, 1 / writers), resamples).astype(np.float64))

    def ratio(self, hits: NDArray[np.integer], of: NDArray[np.integer]) -> _Floats:
        """Of per-writer counts, `[writers]` or `[writers, k]`: hits by what they are of, `float64[resamples]` or `[resamples, k]`.

        0 where a resample holds none.
        """
        whole = self.times @ of
        return np.divide(self.times @ hits, whole, out=np.zeros_like(whole), where=whole > 0)

    def mean(self, values: _Floats) -> _Floats:
        """Mean of a value of each writer, `float64[writers]`: `float64[resamples]`."""
        result: _Floats = self.times @ values / len(values)
        return result


def resampled(values: _Floats, writer: NDArray[np.integer], seed: int = 0, resamples: int = RESAMPLES) -> _Floats:
    """Sums of the columns of `float64[n, k]` over as many writers as there are: `float64[resamples, k]`. `writer` is `[n]`."""
    names, place = np.unique(writer, return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, place, values)
    total: _Floats = Draws.of(len(names), resamples, np.random.default_rng(seed)).times @ sums
    return total


def resampled_mean(
    values: _Floats | NDArray[np.bool_],
    writer: NDArray[np.integer],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    together: int = DRAWN_TOGETHER,
) -> _Floats:
    """Mean of `[n]` values over the pictures of as many writers as there are, `float64[resamples]`. `writer` is `[n]`.

    The same bootstrap as that of `Draws`, but each writer drawn by a number of its own: the committed intervals of evaluations,
    corruptions, Arabic-Indic digits and gates were drawn so, and another use of the same seed would move them all.
    """
    names, place = np.unique(writer, return_inverse=True)
    pictures, sums = np.bincount(place), np.bincount(place, weights=values)
    result = np.empty(resamples)
    rows = max(1, together // len(names))
    for start in range(0, resamples, rows):
        drawn = rng.integers(0, len(names), (min(rows, resamples - start), len(names)))
        result[start : start + rows] = sums[drawn].sum(axis=1) / pictures[drawn].sum(axis=1)
    return result


def interval(resampled: _Floats) -> tuple[float, float]:
    """Where 95 % of the resamples lie."""
    low, high = np.percentile(resampled, LEVEL)
    return float(low), float(high)

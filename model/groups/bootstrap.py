"""Intervals by drawing whole writers anew, all resamples at once: a writer's pictures err together (Cameron, Gelbach and Miller 2008)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats

LEVEL = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""


@dataclass(frozen=True)
class Draws:
    """How often each of a group's writers is in each resample: `float64[resamples, writers]`, a row's sum being the number of writers."""

    times: Floats

    @classmethod
    def of(cls, writers: int, resamples: int, rng: np.random.Generator) -> "Draws":
        """As many writers as there are, drawn with replacement, once a resample."""
        return cls(rng.multinomial(writers, np.full(writers, 1 / writers), resamples).astype(np.float64))

    def ratio(self, hits: NDArray[np.integer], of: NDArray[np.integer]) -> Floats:
        """Of per-writer counts, `[writers]` or `[writers, k]`: hits by what they are of, `float64[resamples]` or `[resamples, k]`.

        0 where a resample holds none.
        """
        whole = self.times @ of
        return np.divide(self.times @ hits, whole, out=np.zeros_like(whole), where=whole > 0)

    def mean(self, values: Floats) -> Floats:
        """Mean of a value of each writer, `float64[writers]`: `float64[resamples]`."""
        result: Floats = self.times @ values / len(values)
        return result


def interval(resampled: Floats) -> list[float]:
    """Where 95 % of the resamples lie."""
    return [float(end) for end in np.percentile(resampled, LEVEL)]

"""Intervals that know that pictures of one writer err together: whole writers are drawn again, never single pictures."""

import numpy as np
from numpy.typing import NDArray

from model.metrics import Floats

RESAMPLES = 10_000


def resampled(values: Floats, writer: NDArray[np.integer], seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """Sums of the columns of `float64[n, k]` over as many writers as there are, drawn with replacement: `float64[resamples, k]`.

    `writer` is `[n]`. A cluster bootstrap (Cameron, Gelbach and Miller 2008).
    """
    names, place = np.unique(writer, return_inverse=True)
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, place, values)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    total: Floats = drawn @ sums
    return total


def share_interval(happened: NDArray[np.bool_], writer: NDArray[np.integer], seed: int = 0) -> tuple[float, float]:
    """95 % interval, in 0..1, of the share of pictures `bool[n]` of which something is true."""
    values = np.stack([happened.astype(np.float64), np.ones(len(happened))], axis=1)
    true, all_of_them = resampled(values, writer, seed).T
    low, high = np.percentile(true / all_of_them, [2.5, 97.5])
    return float(low), float(high)

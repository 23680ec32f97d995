"""Two networks on the very same pictures: how much more often one is right than the other, with an interval and McNemar's test."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.metrics import cluster_interval

Z = 1.959964


@dataclass(frozen=True)
class Paired:
    """Shares in 0..1. `difference` is candidate minus current with its interval of 95 %; `gained` and `lost` count the pictures that one
    alone reads right, and `p` is how often so uneven a split of them comes by chance (exact, two-sided; McNemar 1947)."""

    n: int
    candidate: float
    current: float
    gained: int
    lost: int
    difference: float
    low: float
    high: float
    p: float

    def told(self) -> dict[str, Any]:
        return asdict(self)


def paired(candidate: NDArray[np.bool_], current: NDArray[np.bool_], group: NDArray[np.integer], *, seed: int, resamples: int) -> Paired:
    """Of which pictures each reads right, bool[n], and who wrote them, [n]. Raises ValueError without pictures.

    The interval is that of a bootstrap of whole groups, but nowhere narrower than Agresti and Min's (2005) for matched pairs: resamples of
    pictures on which the two never differ differ nowhere either, and of few pictures that says little.
    """
    if not len(candidate):
        raise ValueError("no pictures to compare by")
    gained, lost = int((candidate & ~current).sum()), int((current & ~candidate).sum())
    low, high = cluster_interval(candidate.astype(np.float64) - current, group, resamples=resamples, seed=seed)
    narrowest = agresti_min(gained, lost, len(candidate))
    return Paired(
        n=len(candidate),
        candidate=float(candidate.mean()),
        current=float(current.mean()),
        gained=gained,
        lost=lost,
        difference=(gained - lost) / len(candidate),
        low=min(low, narrowest[0]),
        high=max(high, narrowest[1]),
        p=mcnemar(gained, lost),
    )


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided probability of a split as uneven as this, were either as likely."""
    n = gained + lost
    tail = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**n))


def agresti_min(gained: int, lost: int, n: int) -> tuple[float, float]:
    """95 % interval of a difference of matched proportions, half a picture added to each cell of the table (Agresti and Min 2005)."""
    more, less, whole = (gained + 0.5) / (n + 2), (lost + 0.5) / (n + 2), n + 2
    middle = more - less
    half = Z * math.sqrt((more + less - middle**2) / whole)
    return middle - half, middle + half

"""The pictures of one run. What is called new was never sent before, in this run or in another, and every digit is known for certain."""

import secrets
from itertools import cycle

import numpy as np

from loadtests.bench.fresh import Fresh, Upload
from loadtests.pictures import CHECKOUT, zipf

KNOWN = CHECKOUT / "model" / "known" / "digits.npz"
REPEATED = 10
CATALOGUE = 2_000
ZIPF_REQUESTS = 100_000
"""Drawn beforehand, and over again after that."""


class Supply:
    """Made out of the known digits, so that no server has to be asked first which pictures it reads right."""

    def __init__(self) -> None:
        with np.load(KNOWN) as known:
            pixels, digits = known["pixels"], known["labels"]
        self._fresh = Fresh(pixels, digits, begin=secrets.randbelow(len(Fresh(pixels, digits)) // 2))
        self._repeated = cycle(self._fresh.take(REPEATED))
        catalogue = self._fresh.take(CATALOGUE)
        places: list[int] = zipf(ZIPF_REQUESTS, CATALOGUE).tolist()
        self._popular = cycle([catalogue[place] for place in places])

    def new(self) -> Upload:
        """One at a time: making many at once would keep the other users of this process waiting, and their answers look late."""
        return self._fresh.take(1)[0]

    def repeated(self) -> Upload:
        """One of a few."""
        return next(self._repeated)

    def popular(self) -> Upload:
        """Out of a catalogue, the one of rank r as often as r ** -1.1."""
        return next(self._popular)

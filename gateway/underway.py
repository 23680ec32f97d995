"""A picture on its way to Redis and to the model, and what it comes back with."""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.contract import CacheState, ModelVersion, Prediction
from gateway.flights import Flight
from gateway.seams import RedisKey
from gateway.trace import TRACE


class Found(NamedTuple):
    """A prediction, where it came from, how long each part took, and when the last one ended."""

    prediction: Prediction
    state: CacheState
    seconds: dict[str, float]
    until: float


class Underway(Flight[Found]):
    """Canonical pixels, uint8[side, side], whom they are meant for, and what became of them so far."""

    __slots__ = ("asked_at", "key", "model", "pixels", "remember", "seconds", "state", "trace")

    def __init__(self, key: RedisKey, model: ModelVersion, pixels: NDArray[np.uint8], state: CacheState, remember: bool) -> None:
        super().__init__()
        self.key, self.model, self.pixels, self.remember = key, model, pixels, remember
        self.state = state
        """Of the answer, where the model gives it."""
        self.asked_at = time.perf_counter()
        """When it came to where it waits now."""
        self.seconds: dict[str, float] = {}
        self.trace = TRACE.get()
        """Of the request that asked for it first, where that is traced."""

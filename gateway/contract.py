"""The values that travel through the gateway: what the model said, what was seen of the upload, and the answer made of both."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
CREDIBLE_MASS = 0.99
"""`candidates` is the shortest list of digits, most probable first, whose probabilities reach this sum."""

PROBABILITY_DECIMALS = 9
"""Probabilities are told to this many places: ten of them still sum to 1 within 1e-8."""

LOW_CONFIDENCE = "low_confidence"
"""The reason that the answer adds to those of `model.preprocess.REASONS`."""


class CacheState(StrEnum):
    """Where an answer came from."""

    HIT = "hit"
    MISS = "miss"
    COALESCED = "coalesced"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What the request's Cache-Control allows: `no-cache` forbids reading, `no-store` both."""

    read: bool = True
    write: bool = True


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One READY version as a TorchServe instance described it. `facts` is what the archive says of itself."""

    name: str
    version: str
    inference_url: str
    management_url: str
    facts: dict[str, Any]

    @property
    def accept_threshold(self) -> float:
        """Confidence in 0..1 under which the model itself says not to trust it."""
        return float(self.facts["accept_threshold"])

    @property
    def cache_version(self) -> str:
        """What the cache key calls version: another arithmetic is another version."""
        arithmetic = self.facts["arithmetic"]
        return self.version if arithmetic == "float32" else f"{self.version}-{arithmetic}"


@dataclass(frozen=True)
class Prediction:
    """What the network said of canonical pixels: calibrated `logits` float32[10], whose softmax is the probability of each digit."""

    logits: NDArray[np.float32]

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """float64[10], summing to 1."""
        weights: NDArray[np.float64] = np.exp(self.logits.astype(np.float64) - float(self.logits.max()))
        probabilities: NDArray[np.float64] = np.round(weights / weights.sum(), PROBABILITY_DECIMALS)
        return probabilities

    @cached_property
    def digit(self) -> int:
        return int(self.logits.argmax())

    @property
    def confidence(self) -> float:
        return float(self.probabilities[self.digit])

    @property
    def candidates(self) -> list[int]:
        """The digit, and others as long as all before them hold less than CREDIBLE_MASS."""
        chosen = [self.digit]
        for digit in np.argsort(-self.probabilities, kind="stable"):
            if float(self.probabilities[chosen].sum()) >= CREDIBLE_MASS:
                break
            if digit not in chosen:
                chosen.append(int(digit))
        return chosen


@dataclass(frozen=True, slots=True)
class Seen:
    """What preprocessing found in one upload: size and box in the upload's own pixels, and reasons to doubt it."""

    width: int
    height: int
    inverted: bool
    box: tuple[int, int, int, int] | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered upload. `seconds` tells how long each part took, by the names of Server-Timing."""

    prediction: Prediction
    seen: Seen
    model: ModelVersion
    cache: CacheState
    seconds: dict[str, float]

    @property
    def reasons(self) -> list[str]:
        doubtful = self.prediction.confidence < self.model.accept_threshold
        return [*self.seen.reasons, LOW_CONFIDENCE] if doubtful else list(self.seen.reasons)

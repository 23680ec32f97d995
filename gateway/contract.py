"""The values that travel through the gateway: what the model said, what was seen of the upload, and the answer made of both."""

import logging
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.known import SIDE, KnownDigits, known_in
from gateway.limits import Limits, LimitsUnusable
from gateway.reference import CLASSES, Reference, ReferenceUnusable
from model.preprocess import REASONS

DEFAULT_MODEL = "digits"
"""Who does not name a model asks this one."""

CREDIBLE_MASS = 0.99
"""Where a version ships no quantile, `candidates` is the shortest list of digits whose probabilities reach this sum."""

PARTS = 1e9
"""Probabilities are told in billionths: ten of them still sum to 1 within 1e-8."""

HEIGHTS, HEIGHT_STEPS = 2_048, 64
"""The first numbers of 16 bits say how high the highest logit is, in steps of a 64th nat from 0 to just under 32."""

STEPS = 2_048
"""Steps a nat in which the others are kept: the numbers that are left reach 31 nats down, a probability of 3e-14."""

DEEPEST = np.iinfo(np.uint16).max
DROPS = struct.Struct(f"<{CLASSES}H")
DROPS_BYTES = DROPS.size
WEIGHTS = np.rint(np.exp(np.maximum(np.arange(DEEPEST + 1) - HEIGHTS, 0) / -STEPS) * 2**40).astype(np.int64)
"""How probable a digit is by its number, in 2^-40 of the most probable one."""

WEIGHT = memoryview(WEIGHTS)
"""The same as Python's numbers."""

FEW = 4
"""Predictions up to which Python is faster than numpy."""

LOW_CONFIDENCE, NOT_A_DIGIT = "low_confidence", "not_a_digit"
"""The reasons that the answer adds to those of preprocessing."""

REJECTIONS = (*REASONS, LOW_CONFIDENCE, NOT_A_DIGIT)
"""Every reason that there can be not to accept an answer."""

log = logging.getLogger(__name__)


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


ANY_USE = CacheUse()


@dataclass(frozen=True)
class ModelVersion:
    """One READY version as a TorchServe instance described it. `facts` is what the archive says of itself."""

    name: str
    version: str
    inference_url: str
    management_url: str
    facts: dict[str, Any]

    @cached_property
    def accept_threshold(self) -> float:
        """Confidence in 0..1 under which the model itself says not to trust it."""
        return float(self.facts["accept_threshold"])

    @cached_property
    def limits(self) -> Limits:
        """How far it may be trusted; none where it does not say, or says nonsense."""
        try:
            return Limits.of(self.facts)
        except LimitsUnusable as error:
            log.warning("version %s: %s; its confidence alone decides", self.version, error)
            return Limits()

    @cached_property
    def side(self) -> int:
        """Of the canonical pixels that it takes."""
        return int(self.facts.get("side", SIDE))

    @cached_property
    def known(self) -> KnownDigits | None:
        """Pictures that it must read right, out of its own archive; None where that holds none. Raises ModelMisbehaved."""
        return known_in(self.facts, self.side)

    @cached_property
    def reference(self) -> Reference | None:
        """What is usual for it; None where it does not say, or says nonsense."""
        try:
            return Reference.of(self.facts)
        except ReferenceUnusable as error:
            log.warning("version %s: %s; drift cannot be seen", self.version, error)
            return None

    @cached_property
    def cache_version(self) -> str:
        """What the cache key calls version: another arithmetic is another version."""
        arithmetic = self.facts["arithmetic"]
        return self.version if arithmetic == "float32" else f"{self.version}-{arithmetic}"


class Prediction(NamedTuple):
    """What the network said of canonical pixels: how high the highest logit is, and how far each other one lies under it.

    20 bytes hold an answer; probabilities made of them differ from the network's own by a 3,000th at most, and first answers are made
    of them like repeated ones. They are made of whole numbers, so that one picture alone, for which numpy costs more than it saves, gets
    to the last bit what it gets among many.
    """

    drops: bytes
    """Ten little-endian uint16: of the digit its height, and of every other one HEIGHTS and its drop, of 1 at least. So the digit's is the
    least, and the only one under HEIGHTS."""
    digit: int
    probabilities: list[float]
    """Ten, summing to 1 within 1e-8."""
    highest: float
    """The digit's logit in nats, to a 64th, held to 0 and just under 32."""

    @classmethod
    def from_logits(cls, logits: NDArray[np.float32]) -> "list[Prediction]":
        """Of calibrated, finite logits float32[n, 10]. The highest stays the highest, however close the next one is."""
        if len(logits) <= FEW:
            return [cls._of(_dropped(row)) for row in logits.tolist()]
        each, digits = np.arange(len(logits)), logits.argmax(1)
        highest = logits[each, digits].astype(np.float64)
        steps = np.rint((highest[:, None] - logits) * STEPS)
        drops = (np.clip(steps, 1, DEEPEST - HEIGHTS) + HEIGHTS).astype("<u2")
        drops[each, digits] = np.clip(np.rint(highest * HEIGHT_STEPS), 0, HEIGHTS - 1)
        return cls._of_many(drops)

    @classmethod
    def from_drops(cls, drops: bytes) -> "list[Prediction]":
        """Of what was kept of them, 20 bytes each."""
        if len(drops) <= FEW * DROPS_BYTES:
            return [cls._of(row) for row in DROPS.iter_unpack(drops)]
        return cls._of_many(np.frombuffer(drops, "<u2").reshape(-1, CLASSES))

    @classmethod
    def _of_many(cls, drops: NDArray[np.uint16]) -> "list[Prediction]":
        weights = WEIGHTS[drops]
        probabilities = np.rint(weights * PARTS / weights.sum(1, keepdims=True)) / PARTS
        kept = drops.tobytes()
        heights = (drops.min(1) / HEIGHT_STEPS).tolist()
        each = zip(range(0, len(kept), DROPS_BYTES), drops.argmin(1).tolist(), probabilities.tolist(), heights, strict=True)
        return [cls(kept[at : at + DROPS_BYTES], digit, told, highest) for at, digit, told, highest in each]

    @classmethod
    def _of(cls, drops: Sequence[int]) -> "Prediction":
        weights = [WEIGHT[drop] for drop in drops]
        total = sum(weights)
        height = min(drops)
        return cls(
            DROPS.pack(*drops), drops.index(height), [round(weight * PARTS / total) / PARTS for weight in weights], height / HEIGHT_STEPS
        )

    @property
    def confidence(self) -> float:
        return self.probabilities[self.digit]

    @property
    def energy(self) -> float:
        """Log of the sum of the exponentials of the logits, in nats: how much the picture looks like any digit at all."""
        return self.highest - math.log(self.confidence)


class Seen(NamedTuple):
    """What preprocessing found in one upload: size and box in the upload's own pixels, and reasons to doubt it."""

    width: int
    height: int
    inverted: bool
    box: tuple[int, int, int, int] | None
    reasons: tuple[str, ...]


class Content(NamedTuple):
    """What every answer to the same upload by the same version says, and what is counted and recorded of it."""

    digit: int
    confidence: float
    reasons: tuple[str, ...]
    """Why not to accept it; empty: it is accepted."""
    buckets: tuple[int, ...]
    """Where the upload's features lie in the reference of the version that answered; empty where that has none."""
    digest: bytes
    """SHA-256 of the canonical pixels."""
    told: tuple[bytes, ...]
    """The answer as it is sent, in the pieces that stay the same each time."""


class Answer(NamedTuple):
    """One answered upload. `seconds` tells how long each part took, by the names of Server-Timing."""

    content: Content
    model: ModelVersion
    cache: CacheState
    seconds: dict[str, float]
    pixels: NDArray[np.uint8] | None = None
    """Canonical, uint8 (side, side) of the model; None where the in-process cache answered, which knows none."""
    ends: tuple[float, float] | None = None
    """When decoding ended, and when the last part did, by `time.perf_counter`; None where the in-process cache answered at once."""


def doubts(prediction: Prediction, seen: Seen, model: ModelVersion) -> tuple[str, ...]:
    """Why not to accept what the network said of this upload."""
    reasons = seen.reasons
    if prediction.confidence < model.accept_threshold:
        reasons = (*reasons, LOW_CONFIDENCE)
    return (*reasons, NOT_A_DIGIT) if prediction.energy < model.limits.least_energy else reasons


def candidates(prediction: Prediction, model: ModelVersion) -> list[int]:
    """The digits that stay possible, the most probable first: that one, and all at least as probable as the version's quantile.

    So split conformal prediction has it (`model/trust/sets.py`); without a quantile, the shortest list that holds CREDIBLE_MASS.
    """
    quantile, probabilities = model.limits.quantile, prediction.probabilities
    if quantile is not None:
        possible = [digit for digit, probability in enumerate(probabilities) if probability >= quantile]
        return _in_order(prediction, possible) if len(possible) > 1 else [prediction.digit]
    held, count = prediction.confidence, 1
    if held >= CREDIBLE_MASS:
        return [prediction.digit]
    order = _in_order(prediction, range(CLASSES))
    while held < CREDIBLE_MASS and count < CLASSES:
        held += probabilities[order[count]]
        count += 1
    return order[:count]


def _in_order(prediction: Prediction, digits: Iterable[int]) -> list[int]:
    return sorted(digits, key=DROPS.unpack(prediction.drops).__getitem__)


def _dropped(logits: list[float]) -> list[int]:
    top = max(logits)
    digit = logits.index(top)
    drops = [min(max(round((top - logit) * STEPS), 1) + HEIGHTS, DEEPEST) for logit in logits]
    drops[digit] = min(max(round(top * HEIGHT_STEPS), 0), HEIGHTS - 1)
    return drops

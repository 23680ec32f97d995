"""A confidence that means what it says, and the confidence under which an answer is not accepted. Both from validation logits alone.

The temperature (Guo et al. 2017) divides every logit, so no predicted digit changes. The threshold is a price, not an error rate: it lets
`COVERAGE` of clean validation pictures pass. A rule about the errors under the threshold would rest on the fifteen or so that a good
network makes among 5,000 validation pictures, and would jump with each of them; the share of pictures that pass has a standard error of
0.1 points whatever the network. What the price buys is measured beside it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.inference import softmax
from model.metrics import Floats, Labels, cross_entropy

COVERAGE = 0.995
"""Of 200 clean pictures one is handed back. An upload that is not clean is handed back more often, which is what the threshold is for."""

HIGHEST_THRESHOLD = 0.95
"""A network so sure that `COVERAGE` would put the threshold above this is believed from here on: it gains nothing by refusing more."""

TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` chose and, on the same pictures, what it does: nats, and shares in 0..1 (`None`: nothing on that side)."""

    temperature: float
    accept_threshold: float
    pictures: int
    nll_before: float
    nll_after: float
    coverage: float
    error_accepted: float | None
    error_rejected: float | None


@dataclass(frozen=True)
class Selection:
    """What an accept threshold lets pass: `coverage` in 0..1, and pictures and errors on either side of it."""

    coverage: float
    accepted: int
    errors_accepted: int
    rejected: int
    errors_rejected: int

    @property
    def error_accepted(self) -> float | None:
        return self.errors_accepted / self.accepted if self.accepted else None

    @property
    def error_rejected(self) -> float | None:
        return self.errors_rejected / self.rejected if self.rejected else None


def calibrate(logits: NDArray[np.floating], labels: Labels) -> Calibration:
    """Temperature and threshold for a network with these raw logits `[n, 10]`. Raises ValueError without pictures."""
    temperature = fit_temperature(logits, labels)
    probabilities = softmax(logits / temperature)
    threshold = choose_threshold(probabilities.max(axis=1))
    passed = select(probabilities, labels, threshold)
    return Calibration(
        temperature=temperature,
        accept_threshold=threshold,
        pictures=len(labels),
        nll_before=cross_entropy(logits, labels),
        nll_after=cross_entropy(logits / temperature, labels),
        coverage=passed.coverage,
        error_accepted=passed.error_accepted,
        error_rejected=passed.error_rejected,
    )


def fit_temperature(logits: NDArray[np.floating], labels: Labels) -> float:
    """The divisor with the lowest cross-entropy, within `TEMPERATURES`, to four digits. Raises ValueError without pictures.

    Cross-entropy is convex in 1/T, so over log T it has one valley and golden-section search (Kiefer 1953) ends in it.
    """
    if len(labels) == 0:
        raise ValueError("no pictures to fit a temperature to")
    golden = (math.sqrt(5) - 1) / 2
    low, high = (math.log(end) for end in TEMPERATURES)

    def loss(log_temperature: float) -> float:
        return cross_entropy(logits / math.exp(log_temperature), labels)

    left, right = high - golden * (high - low), low + golden * (high - low)
    left_loss, right_loss = loss(left), loss(right)
    while high - low > 1e-5:
        if left_loss < right_loss:
            high, right, right_loss = right, left, left_loss
            left = high - golden * (high - low)
            left_loss = loss(left)
        else:
            low, left, left_loss = left, right, right_loss
            right = low + golden * (high - low)
            right_loss = loss(right)
    return round(math.exp((low + high) / 2), 4)


def choose_threshold(confidence: Floats) -> float:
    """The highest threshold, to three digits, that at least `COVERAGE` of these confidences `float64[n]` reach."""
    lets_pass = np.quantile(confidence, 1 - COVERAGE, method="lower")
    return min(HIGHEST_THRESHOLD, math.floor(float(lets_pass) * 1_000) / 1_000)


def select(probabilities: Floats, labels: Labels, threshold: float) -> Selection:
    """Which of these pictures pass: confidence at or above `threshold`."""
    accepted = probabilities.max(axis=1) >= threshold
    wrong = probabilities.argmax(axis=1) != labels
    return Selection(
        coverage=float(accepted.mean()),
        accepted=int(accepted.sum()),
        errors_accepted=int((accepted & wrong).sum()),
        rejected=int((~accepted).sum()),
        errors_rejected=int((~accepted & wrong).sum()),
    )

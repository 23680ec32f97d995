"""What a confidence is worth on pictures that nothing was chosen by: how far it is off, and what refusing the least sure ones buys."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import RESAMPLES, interval, resampled
from model.judge import BINS
from model.metrics import Floats, Reliability, calibration_error, equal_mass_bins, equal_width_bins, reliability

COVERAGES = (0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
"""Shares of the pictures, the surest, whose error is told."""


def measure_confidence(confidence: Floats, correct: NDArray[np.bool_], writer: NDArray[np.integer], seed: int = 0) -> dict[str, Any]:
    """Calibration errors with 95 % intervals by writer, and risk against coverage, of n pictures; all in 0..1."""
    width, mass = equal_width_bins(confidence, BINS), equal_mass_bins(confidence, BINS)
    coverage, risk = risk_coverage(confidence, correct)
    return {
        "bins": BINS,
        "ece_equal_width": _with_interval(confidence, correct, width, writer, seed),
        "ece_equal_mass": _with_interval(confidence, correct, mass, writer, seed),
        "risk_coverage": {
            "area": float(risk.mean()),
            "least_area": least_area(int((~correct).sum()), len(correct)),
            "without_error": without_error(confidence, correct),
            "points": [{"coverage": part, "risk": float(risk[np.searchsorted(coverage, part - 1e-12)])} for part in COVERAGES],
        },
    }


def bins_of(confidence: Floats, correct: NDArray[np.bool_]) -> tuple[Reliability, Reliability]:
    """What reliability diagrams show: bins of equal width, and of equal mass."""
    return (
        reliability(confidence, correct, equal_width_bins(confidence, BINS)),
        reliability(confidence, correct, equal_mass_bins(confidence, BINS)),
    )


def risk_coverage(confidence: Floats, correct: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Share of errors among the surest pictures, for every share of pictures: coverage and risk, both `float64[n]` (El-Yaniv and
    Wiener 2010). Of pictures that are equally sure, the wrong ones come first."""
    order = np.lexsort((correct, -confidence))
    count = np.arange(1, len(correct) + 1)
    return count / len(correct), np.cumsum(~correct[order]) / count


def least_area(errors: int, pictures: int) -> float:
    """The area under the curve of a reader with so many errors that is less sure of each of them than of anything it reads right; what
    lies above it is the fault of the confidence (Geifman et al. 2019)."""
    count = np.arange(1, pictures + 1)
    return float((np.maximum(count - (pictures - errors), 0) / count).mean())


def without_error(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """Share of the pictures that are surer than the surest error."""
    return float((confidence > confidence[~correct].max()).mean()) if not correct.all() else 1.0


def resampled_error(
    confidence: Floats,
    correct: NDArray[np.bool_],
    bin_of: NDArray[np.intp],
    writer: NDArray[np.integer],
    seed: int,
    resamples: int = RESAMPLES,
) -> Floats:
    """The calibration error of these bins as whole writers are drawn anew: `float64[resamples]`. Equal seeds draw the same writers."""
    gap = np.zeros((len(confidence), int(bin_of.max()) + 1))
    gap[np.arange(len(confidence)), bin_of] = correct - confidence
    drawn = resampled(np.column_stack([gap, np.ones(len(confidence))]), writer, seed, resamples)
    error: Floats = np.abs(drawn[:, :-1]).sum(axis=1) / drawn[:, -1]
    return error


def _with_interval(
    confidence: Floats, correct: NDArray[np.bool_], bin_of: NDArray[np.intp], writer: NDArray[np.integer], seed: int
) -> dict[str, float]:
    """The bootstrap keeps the bins: an error that is nearly none is a mean of gaps that are noise, so its interval begins above 0."""
    low, high = interval(resampled_error(confidence, correct, bin_of, writer, seed))
    return {"value": calibration_error(reliability(confidence, correct, bin_of)), "low": low, "high": high}

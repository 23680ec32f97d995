"""What a candidate must not be worse in, and by how much at most: one row for each criterion, with its figures, interval and verdict.

Each is a test of non-inferiority: it is for the candidate to show that it is not worse than the current network by more than a margin, so
the end of the 95 % interval that speaks against it is what is compared. Pictures that are too few to show anything do not let it pass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import interval, resampled
from model.gate_report import CRITERIA
from model.inference import softmax
from model.judge import BINS, SERIES
from model.metrics import CLASSES, calibration_error, equal_width_bins, reliability
from model.renewal.paired import Paired, paired
from model.renewal.panels import Asked, Said
from model.renewal.split import CALLERS_NEEDED
from model.trust.calibration import resampled_error

Row = dict[str, Any]


@dataclass(frozen=True)
class Margins:
    """What may be lost at most, of 1, where the interval of the loss ends."""

    test_set: float = 0.002
    """20 of 10,000 pictures; the alert on accuracy fires at 50."""
    digits: float = 0.01
    """Of any digit's own pictures, of which there is a tenth."""
    writer_groups: float = 0.004
    calibration: float = 0.002
    """Of expected calibration error, which is to be at most so much in all."""
    corrupted: float = 0.01
    hard: float = 0.05
    labelled: float = 0.01
    labelled_needed: int = 200
    """Pictures that the candidate never saw: of fewer than 194 even equal answers leave more than the margin open."""
    latency: float = 1.15
    """Times as long as the current network."""


@dataclass(frozen=True)
class Both:
    """What candidate and current said of the same pictures, and how the intervals are drawn."""

    asked: Asked
    candidate: Said
    current: Said
    margins: Margins
    resamples: int

    def paired(self, candidate: NDArray[np.bool_], current: NDArray[np.bool_], group: NDArray[np.integer]) -> Paired:
        return paired(candidate, current, group, seed=self.asked.seed, resamples=self.resamples)

    @property
    def right(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of the test set, by candidate and by current."""
        labels = self.asked.test.digits.labels
        return self.candidate.test.argmax(axis=1) == labels, self.current.test.argmax(axis=1) == labels


def judge(both: Both, paces: list[Row]) -> list[Row]:
    """Every criterion, in the order of `model.gate_report.CRITERIA`."""
    judges: dict[str, Callable[[Both], Row]] = {
        "test set": _test_set,
        "digits": _digits,
        "writer groups": _writer_groups,
        "calibration": _calibration,
        "corrupted pictures": _corrupted,
        "hard pictures": _hard,
        "known digits": _known,
        "labelled records": _labelled,
        "latency": lambda both: _latency(both, paces),
    }
    return [{"name": name, **judges[name](both)} for name in CRITERIA]


def _no_worse(margin: float, *found: Paired) -> Row:
    return {"passed": all(each.low >= -margin for each in found), "margin": margin}


def _test_set(both: Both) -> Row:
    found = both.paired(*both.right, both.asked.test.writers.writer)
    return {**_no_worse(both.margins.test_set, found), **found.told()}


def _digits(both: Both) -> Row:
    candidate, current = both.right
    labels, writer = both.asked.test.digits.labels, both.asked.test.writers.writer
    found = {
        digit: both.paired(candidate[those], current[those], writer[those]) for digit in range(CLASSES) if (those := labels == digit).any()
    }
    return {
        **_no_worse(both.margins.digits, *found.values()),
        "each": [{"digit": digit, **each.told()} for digit, each in found.items()],
    }


def _writer_groups(both: Both) -> Row:
    candidate, current = both.right
    writers = both.asked.test.writers
    found = {
        series: both.paired(candidate[those], current[those], writers.writer[those])
        for series in SERIES
        if (those := writers.series == series).any()
    }
    return {
        **_no_worse(both.margins.writer_groups, *found.values()),
        "each": [{"series": series, "who": SERIES[series], **each.told()} for series, each in found.items()],
    }


def _calibration(both: Both) -> Row:
    """Candidate's expected calibration error minus current's; whole writers are drawn anew."""
    labels, writer = both.asked.test.digits.labels, both.asked.test.writers.writer
    errors, drawn = [], []
    for logits in (both.candidate.test, both.current.test):
        probabilities = softmax(logits)
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        bins = equal_width_bins(confidence, BINS)
        errors.append(calibration_error(reliability(confidence, right, bins)))
        drawn.append(resampled_error(confidence, right, bins, writer, both.asked.seed, both.resamples))
    low, high = interval(drawn[0] - drawn[1])
    margin = both.margins.calibration
    found = {"candidate": errors[0], "current": errors[1], "difference": errors[0] - errors[1], "low": low, "high": high}
    return {"passed": high <= margin, "margin": margin, "n": len(labels), **found}


def _corrupted(both: Both) -> Row:
    """Mean over the corruptions; a picture's own mean is what is drawn again, since it errs alike in several."""
    few = both.asked.spoilt
    labels, writer = both.asked.test.digits.labels[few], both.asked.test.writers.writer[few]
    right = {
        who: {name: logits.argmax(axis=1) == labels for name, logits in said.spoilt.items()}
        for who, said in (("candidate", both.candidate), ("current", both.current))
    }
    names = list(both.asked.corruptions)
    each = np.mean([right["candidate"][name].astype(np.float64) - right["current"][name] for name in names], axis=0)
    gained, pictures = resampled(np.column_stack([each, np.ones(len(each))]), writer, both.asked.seed, both.resamples).T
    low, high = interval(gained / pictures)
    means = {who: float(np.mean([those.mean() for those in by_name.values()])) for who, by_name in right.items()}
    rows = [{"name": name, **{who: float(by_name[name].mean()) for who, by_name in right.items()}} for name in names]
    margin = both.margins.corrupted
    return {
        "passed": low >= -margin,
        "margin": margin,
        "n": len(few),
        **means,
        "difference": float(each.mean()),
        "low": low,
        "high": high,
        "each": rows,
    }


def _hard(both: Both) -> Row:
    few = both.asked.hard
    candidate, current = both.right
    found = both.paired(candidate[few], current[few], both.asked.test.writers.writer[few])
    return {**_no_worse(both.margins.hard, found), **found.told()}


def _known(both: Both) -> Row:
    """All of them: by these a gateway tells whether a model works at all, before it switches to it and while it serves."""
    labels = both.asked.known.labels
    errors = {
        who: int((said.known.argmax(axis=1) != labels).sum()) for who, said in (("candidate", both.candidate), ("current", both.current))
    }
    return {"passed": errors["candidate"] == 0, "margin": 0, "n": len(labels), "errors": errors}


def _labelled(both: Both) -> Row:
    """Those that the candidate never saw. With few callers each picture is drawn on its own, with many whole callers are."""
    pictures, margin, needed = both.asked.labelled, both.margins.labelled, both.margins.labelled_needed
    if pictures is None:
        return {"passed": True, "judged": False, "why": "nobody gave any, which --without-labelled allows"}
    if len(pictures) < needed or both.candidate.labelled is None or both.current.labelled is None:
        return {"passed": False, "judged": False, "why": f"{len(pictures)} pictures that the candidate never saw are fewer than {needed}"}
    labels, first = pictures.digits.labels, [callers[0] for callers in pictures.callers]
    callers, place = np.unique(first, return_inverse=True)
    group = place if len(callers) >= CALLERS_NEEDED else np.arange(len(pictures))
    right = both.candidate.labelled.argmax(axis=1) == labels, both.current.labelled.argmax(axis=1) == labels
    found = both.paired(*right, group)
    each = [
        {"caller": str(caller), "n": int(those.sum()), "candidate": float(right[0][those].mean()), "current": float(right[1][those].mean())}
        for number, caller in enumerate(callers)
        if (those := place == number).any()
    ]
    return {**_no_worse(margin, found), "judged": True, **found.told(), "callers": each}


def _latency(both: Both, paces: list[Row]) -> Row:
    limit = both.margins.latency
    arithmetic = {"candidate": both.candidate.arithmetic, "current": both.current.arithmetic}
    return {"passed": all(row["high"] <= limit for row in paces), "limit": limit, "arithmetic": arithmetic, "each": paces}

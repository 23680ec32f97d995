"""From the logits of a panel of pictures to every figure that follows from them, group by group and with intervals. Chooses nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calibrate import select
from model.data import Digits, test_digits
from model.inference import softmax
from model.metrics import (
    Reliability,
    brier,
    calibration_error,
    class_scores,
    cluster_difference,
    confusion,
    cross_entropy,
    equal_mass_bins,
    equal_width_bins,
    reliability,
    share,
    wilson,
)
from model.splitting import Writers, load_writers

LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
"""Test pictures whose given label no majority of five raters agreed with (Northcutt et al. 2021, cleanlab/label-errors, mnist_mturk)."""

SERIES = {0: "census staff", 4: "students"}
"""Form series (HSF) of NIST's special database 19 that MNIST was drawn from. Nothing else is known of the writers."""

BINS = 15
WORST = 10


@dataclass(frozen=True)
class Panel:
    """The pictures to be read, who wrote them (in the same order), and the positions of labels known to be wrong."""

    name: str
    digits: Digits
    writers: Writers
    label_errors: Sequence[int] = ()

    def __getitem__(self, chosen: NDArray[np.intp] | slice) -> "Panel":
        """Some of its pictures, under its name."""
        wrong = np.isin(np.arange(len(self.digits))[chosen], self.label_errors)
        return Panel(self.name, self.digits[chosen], self.writers[chosen], np.flatnonzero(wrong).tolist())


def mnist_test_set(folder: Path) -> Panel:
    """All of it; `folder`: where MNIST's files are or are put. Raises DataUnavailable."""
    return Panel("MNIST test set", test_digits(folder), load_writers("test"), LABEL_ERRORS)


def judge(logits: NDArray[np.float32], panel: Panel, *, temperature: float, threshold: float) -> dict[str, Any]:
    """Every figure that follows from logits already divided by `temperature`: shares in 0..1, losses in nats, intervals of 95 %."""
    labels = panel.digits.labels
    predicted = logits.argmax(axis=1)
    correct = predicted == labels
    believed = np.ones(len(labels), bool)
    believed[list(panel.label_errors)] = False
    table = confusion(labels, predicted)
    scores = class_scores(table)
    passed = select(softmax(logits), labels, threshold)
    top_two = np.sort(logits, axis=1)[:, -2:]
    return {
        "n": len(labels),
        **share(correct),
        "without_label_errors": {"excluded": len(panel.label_errors), "n": int(believed.sum()), **share(correct[believed])},
        "macro": {"precision": scores.precision.mean(), "recall": scores.recall.mean(), "f1": scores.f1.mean()},
        "classes": [
            {
                "digit": digit,
                "n": table[digit].sum(),
                "precision": scores.precision[digit],
                "recall": scores.recall[digit],
                "f1": scores.f1[digit],
            }
            for digit in range(len(table))
        ],
        "confusion": table,
        "worst_confusions": _worst_confusions(table),
        "calibration": {
            "bins": BINS,
            "before": _calibration(logits * temperature, labels),
            "after": _calibration(logits, labels),
            "reliability": asdict(width_bins(logits, labels)),
        },
        "threshold": {
            "accept_threshold": threshold,
            **asdict(passed),
            "error_accepted": passed.error_accepted,
            "error_rejected": passed.error_rejected,
        },
        "series": _by_series(correct, panel.writers),
        "writers": _by_writer(correct, panel.writers),
        "smallest_margin": (top_two[:, 1] - top_two[:, 0]).min(),
        "predicted": "".join(str(digit) for digit in predicted),
    }


def width_bins(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> Reliability:
    """What a reliability diagram shows: `BINS` bins of equal width over the confidence."""
    probabilities = softmax(logits)
    confidence = probabilities.max(axis=1)
    return reliability(confidence, probabilities.argmax(axis=1) == labels, equal_width_bins(confidence, BINS))


def _worst_confusions(table: NDArray[np.intp]) -> list[dict[str, int]]:
    errors = table - np.diag(np.diag(table))
    worst = np.argsort(-errors.ravel(), kind="stable")[:WORST]
    cells = [(int(cell) // len(table), int(cell) % len(table)) for cell in worst]
    return [{"label": row, "predicted": column, "count": int(errors[row, column])} for row, column in cells if errors[row, column]]


def _calibration(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> dict[str, float]:
    probabilities = softmax(logits)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    return {
        "nll": cross_entropy(logits, labels),
        "brier": brier(probabilities, labels),
        "ece_equal_width": calibration_error(reliability(confidence, correct, equal_width_bins(confidence, BINS))),
        "ece_equal_mass": calibration_error(reliability(confidence, correct, equal_mass_bins(confidence, BINS))),
    }


def _by_series(correct: NDArray[np.bool_], writers: Writers) -> dict[str, Any]:
    groups = [
        {"series": series, "who": who, "n": int(chosen.sum()), "writers": len(np.unique(writers.writer[chosen])), **share(correct[chosen])}
        for series, who in SERIES.items()
        if (chosen := writers.series == series).any()
    ]
    if len(groups) < len(SERIES):
        return {"groups": groups, "difference": None}
    return {"groups": groups, "difference": asdict(cluster_difference(correct, writers.writer, writers.series == next(iter(SERIES))))}


def _by_writer(correct: NDArray[np.bool_], writers: Writers) -> dict[str, Any]:
    names, place = np.unique(writers.writer, return_inverse=True)
    pictures = np.bincount(place)
    right = np.bincount(place, weights=correct).astype(np.intp)
    low, high = np.array([wilson(int(hits), int(n)) for hits, n in zip(right, pictures, strict=True)]).T
    errors = pictures - right
    return {
        "n": len(names),
        "without_error": int((errors == 0).sum()),
        "most_errors": int(errors.max()),
        "surely_below_average": int((high < correct.mean()).sum()),
        "writer": names,
        "pictures": pictures,
        "errors": errors,
        "low": low,
        "high": high,
    }

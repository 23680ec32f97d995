"""Accuracy, acceptance and their differences by form series and writer, every interval by a bootstrap of whole writers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import Draws, interval
from model.judge import SERIES
from model.metrics import CLASSES, Floats
from model.splitting import Writers

_Counts = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Per writer: how many, and of how many."""

LOWEST = 0.1
"""Share of the writers, those read worst, that are looked at together. Of one writer alone nothing can be said: one error more among his
twenty digits is five points."""


@dataclass(frozen=True)
class Answers:
    """What was said of n pictures: `labels` uint8[n]; `correct` and `accepted` bool[n]; and who wrote each."""

    labels: NDArray[np.uint8]
    correct: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    writers: Writers


@dataclass(frozen=True)
class _Group:
    """Counts of each writer of a form series, `intp[writers]`, and by digit, `intp[writers, 10]`."""

    series: int
    pictures: NDArray[np.intp]
    right: NDArray[np.intp]
    accepted: NDArray[np.intp]
    accepted_wrong: NDArray[np.intp]
    pictures_by_digit: NDArray[np.intp]
    right_by_digit: NDArray[np.intp]
    draws: Draws


def by_group(answers: Answers, seed: int, resamples: int) -> dict[str, Any]:
    """Every group and, where both form series are there, the first minus the second. Shares in 0..1, intervals of 95 %.

    Raises ValueError where no picture is of a known form series.
    """
    rng = np.random.default_rng(seed)
    groups = [_group(answers, series, resamples, rng) for series in SERIES if (answers.writers.series == series).any()]
    if not groups:
        raise ValueError(f"no picture is of the form series {', '.join(map(str, SERIES))}")
    return {
        "n": sum(int(group.pictures.sum()) for group in groups),
        "writers": sum(len(group.pictures) for group in groups),
        "groups": [_told(group, rng) for group in groups],
        "difference": _difference(*groups) if len(groups) == 2 else None,
    }


def _group(answers: Answers, series: int, resamples: int, rng: np.random.Generator) -> _Group:
    chosen = answers.writers.series == series
    names, place = np.unique(answers.writers.writer[chosen], return_inverse=True)
    labels, correct, accepted = answers.labels[chosen], answers.correct[chosen], answers.accepted[chosen]
    cell = place * CLASSES + labels

    def counted(those: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.bincount(place[those], minlength=len(names))

    def by_digit(those: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.bincount(cell[those], minlength=len(names) * CLASSES).reshape(len(names), CLASSES)

    everything = np.ones(len(labels), bool)
    return _Group(
        series=series,
        pictures=counted(everything),
        right=counted(correct),
        accepted=counted(accepted),
        accepted_wrong=counted(accepted & ~correct),
        pictures_by_digit=by_digit(everything),
        right_by_digit=by_digit(correct),
        draws=Draws.of(len(names), resamples, rng),
    )


def _told(group: _Group, rng: np.random.Generator) -> dict[str, Any]:
    n, right, accepted = int(group.pictures.sum()), int(group.right.sum()), int(group.accepted.sum())
    wrong = int(group.accepted_wrong.sum())
    each = group.right / group.pictures
    return {
        "series": group.series,
        "who": SERIES[group.series],
        "writers": len(group.pictures),
        "n": n,
        "errors": n - right,
        "accuracy": right / n,
        "interval": interval(group.draws.ratio(group.right, group.pictures)),
        "accepted": {
            "n": accepted,
            "coverage": accepted / n,
            "coverage_interval": interval(group.draws.ratio(group.accepted, group.pictures)),
            "errors": wrong,
            "error": wrong / accepted if accepted else None,
            "error_interval": interval(group.draws.ratio(group.accepted_wrong, group.accepted)),
        },
        "digits": group.pictures_by_digit.sum(axis=0),
        "writer": {
            "mean_accuracy": float(each.mean()),
            "interval": interval(group.draws.mean(each)),
            "without_error": int((group.right == group.pictures).sum()),
            "most_errors": int((group.pictures - group.right).max()),
            "lowest_tenth": _lowest(group, rng),
        },
    }


def _lowest(group: _Group, rng: np.random.Generator) -> dict[str, Any]:
    """Mean accuracy of the writers read worst, beside what it would be were all of the series read alike, by chance alone."""
    count = max(1, round(LOWEST * len(group.pictures)))
    observed = _mean_of_lowest((group.right / group.pictures)[None], count)[0]
    share, resamples = group.right.sum() / group.pictures.sum(), len(group.draws.times)
    alike = rng.binomial(group.pictures, share, (resamples, len(group.pictures))) / group.pictures
    by_chance = _mean_of_lowest(alike, count)
    return {
        "writers": count,
        "accuracy": float(observed),
        "by_chance": {"mean": float(by_chance.mean()), "interval": interval(by_chance), "as_low": float((by_chance <= observed).mean())},
    }


def _mean_of_lowest(accuracy: Floats, count: int) -> Floats:
    lowest: Floats = np.sort(accuracy, axis=1)[:, :count].mean(axis=1)
    return lowest


def _difference(first: _Group, second: _Group) -> dict[str, Any]:
    """First minus second. `same_digits`: as if both had written each digit as often as the two together did."""
    digits = (first.pictures_by_digit.sum(axis=0) + second.pictures_by_digit.sum(axis=0)).astype(np.float64)
    weight = digits / digits.sum()
    return {
        "accuracy": _between(first, second, lambda group: (group.right, group.pictures)),
        "same_digits": _between(first, second, lambda group: (group.right_by_digit, group.pictures_by_digit), weight),
        "coverage": _between(first, second, lambda group: (group.accepted, group.pictures)),
        "accepted_error": _between(first, second, lambda group: (group.accepted_wrong, group.accepted)),
    }


def _between(first: _Group, second: _Group, counts: Callable[[_Group], _Counts], weight: Floats | None = None) -> dict[str, float]:
    """First minus second of a ratio of two `counts`; `weight` is each digit's, where they are by digit."""
    estimates, resampled = [], []
    for group in (first, second):
        hits, of = counts(group)
        told, drawn = hits.sum(axis=0) / np.maximum(of.sum(axis=0), 1), group.draws.ratio(hits, of)
        estimates.append(told if weight is None else told @ weight)
        resampled.append(drawn if weight is None else drawn @ weight)
    low, high = interval(resampled[0] - resampled[1])
    return {"estimate": float(estimates[0] - estimates[1]), "low": low, "high": high}

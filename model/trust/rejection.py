"""Scores that refuse what is no digit are compared on validation pictures, and the one that is served is measured on others."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.judge import SERIES
from model.metrics import Floats, wilson
from model.splitting import Writers
from model.trust.features import Seen
from model.trust.outliers import Outliers
from model.trust.ranks import auroc, threshold_refusing
from model.trust.scores import Score, confidence

MOST_REFUSED = 0.005
"""Of digits, 0..1."""

TIMED_CALLS = 200


@dataclass(frozen=True)
class Chosen:
    """What is served: a picture whose `score` lies under `threshold` is refused."""

    score: Score
    threshold: float

    def refuses(self, seen: Seen) -> NDArray[np.bool_]:
        """`bool[n]`."""
        return self.score.of(seen) < self.threshold


def compare(scores: Sequence[Score], digits: Seen, outliers: dict[str, Seen]) -> list[dict[str, Any]]:
    """What each score does, by its mean area over these sets of outliers; all validation pictures.

    Raises ValueError where there are too few digits to promise MOST_REFUSED.
    """
    rows = []
    for score in scores:
        of_digits = score.of(digits)
        one = Chosen(score, threshold_refusing(of_digits, MOST_REFUSED))
        areas = {name: auroc(of_digits, score.of(seen)).value for name, seen in outliers.items()}
        rows.append(
            {
                "score": score.name,
                "mean_auroc": float(np.mean(list(areas.values()))),
                "threshold": one.threshold,
                "digits_refused": float(one.refuses(digits).mean()),
                "numbers": score.numbers,
                "microseconds": microseconds(score, digits[:1]),
                "sets": [
                    {"name": name, "n": len(seen), "auroc": areas[name], "refused": float(one.refuses(seen).mean())}
                    for name, seen in outliers.items()
                ],
            }
        )
    return rows


def measure_digits(chosen: Chosen, digits: Seen, doubted: NDArray[np.bool_], writers: Writers, accept_threshold: float) -> dict[str, Any]:
    """Shares of digits refused by the score, which is what is promised, and by what refuses besides; `doubted` by preprocessing."""
    by_score = chosen.refuses(digits)
    return {
        "n": len(digits),
        "refused": _refused(by_score, digits, doubted, accept_threshold),
        "interval": wilson(int(by_score.sum()), len(digits)),
        "series": [
            {"series": series, "who": who, "n": int(of.sum()), "refused": float(by_score[of].mean())}
            for series, who in SERIES.items()
            if (of := writers.series == series).any()
        ],
    }


def measure_outliers(
    scores: Sequence[Score], chosen: Chosen, digits: Seen, outliers: Sequence[tuple[Outliers, Seen]], accept_threshold: float
) -> list[dict[str, Any]]:
    """Each set against the digits: area of every score, and what is refused."""
    of_digits = {score.name: score.of(digits) for score in scores}
    return [
        {
            "name": shown.name,
            "n": len(shown),
            "distinct": len(np.unique(shown.pixels, axis=0)),
            "auroc": {score.name: asdict(auroc(of_digits[score.name], score.of(seen))) for score in scores},
            "refused": _refused(chosen.refuses(seen), seen, shown.doubted, accept_threshold),
        }
        for shown, seen in outliers
    ]


def microseconds(score: Score, one: Seen) -> float:
    """Median time of a score of one picture whose features are there already."""
    taken: Floats = np.empty(TIMED_CALLS)
    for call in range(TIMED_CALLS):
        started = time.perf_counter()
        score.of(one)
        taken[call] = time.perf_counter() - started
    return float(np.median(taken)) * 1e6


def _refused(by_score: NDArray[np.bool_], seen: Seen, doubted: NDArray[np.bool_], accept_threshold: float) -> dict[str, float]:
    unsure = confidence(seen) < accept_threshold
    return {
        "score": float(by_score.mean()),
        "confidence": float(unsure.mean()),
        "preprocessing": float(doubted.mean()),
        "any": float((by_score | unsure | doubted).mean()),
    }

"""Sets of digits that hold the right one as often as promised: split conformal prediction, and whether writers nobody asked keep it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import interval, resampled
from model.metrics import CLASSES, Floats, Labels
from model.splitting import Writers
from model.trust.ranks import rounded_down

LEVELS = (0.99, 0.995, 0.999)
"""Shares of pictures whose set shall hold the right digit."""

RELEASED_LEVEL = 0.999
"""At the lower ones a set is hardly ever more than the digit that was read: so often that one is right anyway."""

HALVINGS = 200
"""Other draws of the writers who calibrate, to see how far the one draw that counts decides."""


def quantile_of(probability: Floats, level: float) -> float:
    """The least probability, rounded down, of a digit that belongs to a set: the k-th lowest of the n `probability` that
    digits known to be right had, k = floor((n + 1) (1 - level)).

    New pictures of the same kind then have theirs in it with a probability of at least `level` (Vovk et al. 2005; this score: Sadinle
    et al. 2019). 0, every digit, where n is too few for the level. Raises ValueError where the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"a level of {level} is not between 0 and 1")
    rank = int((len(probability) + 1) * (1 - level) + 1e-9)
    return rounded_down(float(np.sort(probability)[rank - 1])) if rank else 0.0


def candidates(probabilities: Floats, quantile: float) -> NDArray[np.bool_]:
    """Which digits belong to each picture's set, `bool[n, 10]`: all at least as probable as `quantile`, and always the most probable."""
    chosen = probabilities >= quantile
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen


def half_of(writers: Writers, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Pictures, `bool[n]`, of half of the writers of either form series, drawn whole."""
    drawn: list[np.integer] = []
    for series in np.unique(writers.series):
        names = np.unique(writers.writer[writers.series == series])
        drawn += list(rng.permutation(names)[: len(names) // 2])
    return np.isin(writers.writer, drawn)


def measure_sets(
    validation: tuple[Floats, Labels, Writers], panel: tuple[Floats, Labels, Writers], seed: int, halvings: int = HALVINGS
) -> dict[str, Any]:
    """Of each level the quantile by half of the validation writers, coverage and sizes on the other half and on the panel, and the spread
    over other halvings. Either is probabilities `float64[n, 10]`, labels and writers."""
    probabilities, labels, writers = validation
    calibrating = half_of(writers, np.random.default_rng(seed))
    return {
        "released_level": RELEASED_LEVEL,
        "calibration": {"n": int(calibrating.sum()), "writers": len(np.unique(writers.writer[calibrating]))},
        "levels": [
            {
                "level": level,
                "quantile": (quantile := quantile_of(_of_labels(probabilities, labels)[calibrating], level)),
                "held_out": covered(_part(validation, ~calibrating), quantile, seed),
                "test": covered(panel, quantile, seed),
                "halvings": _halvings(validation, level, seed, halvings),
            }
            for level in LEVELS
        ],
    }


def _of_labels(probabilities: Floats, labels: Labels) -> Floats:
    return probabilities[np.arange(len(labels)), labels]


def _held(probabilities: Floats, labels: Labels, quantile: float) -> NDArray[np.bool_]:
    return candidates(probabilities, quantile)[np.arange(len(labels)), labels]


def _part(pictures: tuple[Floats, Labels, Writers], chosen: NDArray[np.bool_]) -> tuple[Floats, Labels, Writers]:
    probabilities, labels, writers = pictures
    return probabilities[chosen], labels[chosen], writers[chosen]


def covered(pictures: tuple[Floats, Labels, Writers], quantile: float, seed: int) -> dict[str, Any]:
    """How often the sets of these pictures hold the right digit, and how large they are; n of 1 at least."""
    probabilities, labels, writers = pictures
    held, sizes = _held(probabilities, labels, quantile), candidates(probabilities, quantile).sum(axis=1)
    held_drawn, all_drawn = resampled(np.column_stack([held, np.ones(len(held))]), writers.writer, seed).T
    return {
        "n": len(labels),
        "writers": len(np.unique(writers.writer)),
        "coverage": float(held.mean()),
        "interval": interval(held_drawn / all_drawn),
        "mean_size": float(sizes.mean()),
        "sizes": np.bincount(sizes, minlength=CLASSES + 1)[1:],
        "more_than_one": float((sizes > 1).mean()),
        "least_coverage_of_a_digit": float(min(held[labels == digit].mean() for digit in np.unique(labels))),
        "series": [
            {"series": int(series), "n": int((writers.series == series).sum()), "coverage": float(held[writers.series == series].mean())}
            for series in np.unique(writers.series)
        ],
    }


def _halvings(validation: tuple[Floats, Labels, Writers], level: float, seed: int, halvings: int) -> dict[str, Any]:
    """Coverage of the other half each time; a level kept on average may be missed by one draw."""
    probabilities, labels, writers = validation
    covered = []
    for draw in range(halvings):
        calibrating = half_of(writers, np.random.default_rng([seed, draw]))
        quantile = quantile_of(_of_labels(probabilities, labels)[calibrating], level)
        others = ~calibrating
        covered.append(_held(probabilities[others], labels[others], quantile).mean())
    return {"n": halvings, "mean": float(np.mean(covered)), "sd": float(np.std(covered, ddof=1))}

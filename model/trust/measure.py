"""Everything that is said of trust, from the released network and the pictures: what is served was chosen by validation, and is read once
on the panel, in every arithmetic that serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calibrate import select
from model.data import Digits
from model.evaluate import note_reading
from model.inference import Classifier, softmax
from model.judge import Panel
from model.limits import Limits
from model.preprocess import canonicalise_picture
from model.reader import Reader
from model.splitting import Writers
from model.trust import outliers
from model.trust.calibration import measure_confidence
from model.trust.features import Seen, only_logits, see
from model.trust.letters import REPORTED_FONTS, VALIDATION_FONTS, VARIATIONS, letters, like_digits
from model.trust.outliers import Outliers
from model.trust.rejection import MOST_REFUSED, Chosen, compare, measure_digits, measure_outliers
from model.trust.scores import ANCHORS, fit_scores
from model.trust.sets import covered, measure_sets


@dataclass(frozen=True)
class Plan:
    """What is drawn: the seed, pictures of a drawn set, and drawings of each letter in each font, those to choose by and those reported."""

    seed: int = 0
    pictures: int = 1_000
    variations: int = VARIATIONS
    validation_fonts: tuple[str, ...] = VALIDATION_FONTS
    reported_fonts: tuple[str, ...] = REPORTED_FONTS


@dataclass(frozen=True)
class Shown:
    """What figures are drawn from: the panel and every reported set, as the network sees them, and what refuses them."""

    digits: Seen
    sets: list[tuple[Outliers, Seen]]
    chosen: Chosen


def measure_trust(
    classifier: Classifier,
    accept_threshold: float,
    limits: Limits,
    arithmetics: Mapping[str, Reader],
    training: Digits,
    validation: tuple[Digits, Writers],
    panel: Panel,
    clothes: NDArray[np.uint8],
    plan: Plan,
    *,
    log: Path,
    command: str,
    digest: str,
) -> tuple[dict[str, Any], Shown]:
    """All figures, and what is drawn of them. `clothes` are Fashion-MNIST's `uint8[n, 28, 28]`; `limits` are what is served, and
    `arithmetics` the same network as it is served.

    Nothing of the panel or of the reported sets is looked at by what made the limits, nor here before the scores were compared. The
    candidates and the filled shapes among validation outliers are of after a trial that did look at small samples of them (`LOG.md`).
    Raises ValueError where the limits refuse nothing.
    """
    if limits.least is None:
        raise ValueError("the limits refuse nothing: they were made of too few pictures")
    held_out, held_out_writers = validation
    scores = fit_scores(see(classifier, training.pixels, "training pictures"), training.labels, plan.seed)
    validated = see(classifier, held_out.pixels, "validation pictures")
    chosen = Chosen(next(score for score in scores if score.name == limits.score), limits.least)
    rows = compare(scores, validated, _validation_outliers(classifier, held_out, plan))

    digits = see(classifier, panel.digits.pixels, panel.name)
    correct = digits.logits.argmax(axis=1) == panel.digits.labels
    note_reading(log, panel, command=command, digest=digest, accuracy=float(correct.mean()))
    shown = [(each, see(classifier, each.pixels, each.name)) for each in _reported_outliers(panel.digits, clothes, plan)]
    probabilities = softmax(digits.logits)
    sets = measure_sets(
        (softmax(validated.logits), held_out.labels, held_out_writers), (probabilities, panel.digits.labels, panel.writers), plan.seed
    )
    doubted = np.array([bool(canonicalise_picture(picture).reasons) for picture in panel.digits.pixels])
    report = {
        "seed": plan.seed,
        "n": len(panel.digits),
        "panel": panel.name,
        "served": {
            "score": limits.score,
            "threshold": limits.least,
            "level": limits.level,
            "quantile": limits.quantile,
        },
        "calibration": {
            **measure_confidence(probabilities.max(axis=1), correct, panel.writers.writer, plan.seed),
            "accept_threshold": accept_threshold,
            "accepted": select(probabilities, panel.digits.labels, accept_threshold).coverage,
        },
        "rejection": {
            "most_refused": MOST_REFUSED,
            "anchors_a_digit": ANCHORS,
            "fonts": {"validation": plan.validation_fonts, "reported": plan.reported_fonts},
            "validation": {"n": len(held_out), "scores": rows},
            "digits": measure_digits(chosen, digits, doubted, panel.writers, accept_threshold),
            "sets": measure_outliers(scores, chosen, digits, shown, accept_threshold),
        },
        "prediction_sets": sets,
        "arithmetics": [
            {
                "arithmetic": name,
                "validation": _served(reader, chosen, limits.quantile, held_out, held_out_writers, accept_threshold, plan.seed),
                "test": _served(reader, chosen, limits.quantile, panel.digits, panel.writers, accept_threshold, plan.seed),
            }
            for name, reader in arithmetics.items()
        ],
    }
    return report, Shown(digits, shown, chosen)


def _served(
    reader: Reader, chosen: Chosen, quantile: float, digits: Digits, writers: Writers, accept_threshold: float, seed: int
) -> dict[str, Any]:
    """What is answered to these digits: how many the score refuses, how many it and the confidence accept, and their candidates."""
    seen = only_logits(reader.logits(digits.pixels))
    probabilities = softmax(seen.logits)
    refused = chosen.refuses(seen)
    sets = covered((probabilities, digits.labels, writers), quantile, seed)
    return {
        "n": len(digits),
        "refused": float(refused.mean()),
        "accepted": float((~refused & (probabilities.max(axis=1) >= accept_threshold)).mean()),
        **{name: sets[name] for name in ("coverage", "interval", "mean_size", "more_than_one")},
    }


def _validation_outliers(classifier: Classifier, digits: Digits, plan: Plan) -> dict[str, Seen]:
    """Other fonts, other noise, other sheets and other writers' digits than the reported ones."""
    rng = np.random.default_rng([plan.seed, 0])
    drawn, names = letters(plan.validation_fonts, rng, plan.variations)
    sets = [
        drawn.only(~like_digits(names), "letters"),
        outliers.two_digits(digits.pixels, plan.pictures, rng),
        outliers.drawn("noise", (outliers.salt_and_pepper, outliers.scribble), plan.pictures, rng),
        outliers.drawn("shapes", (outliers.shapes,), plan.pictures, rng),
        outliers.drawn("blanks", (outliers.even_sheet,), plan.pictures, rng),
    ]
    return {each.name: see(classifier, each.pixels, f"{each.name} to choose by") for each in sets}


def _reported_outliers(digits: Digits, clothes: NDArray[np.uint8], plan: Plan) -> list[Outliers]:
    rng = np.random.default_rng([plan.seed, 1])
    drawn, names = letters(plan.reported_fonts, rng, plan.variations)
    through = outliers.canonical("Fashion-MNIST", list(clothes))
    return [
        through,
        Outliers("Fashion-MNIST, its pixels as they are", clothes, through.doubted),
        drawn.only(~like_digits(names), "letters but the look-alikes"),
        drawn.only(like_digits(names), "look-alikes"),
        drawn,
        outliers.two_digits(digits.pixels, plan.pictures, rng),
        outliers.drawn("noise", (outliers.uniform, outliers.gaussian, outliers.clouds), plan.pictures, rng),
        outliers.drawn("blanks", (outliers.shaded_sheet,), plan.pictures, rng),
    ]

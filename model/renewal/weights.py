"""How much each picture counts in training, so that no caller, and not all of them together, outvotes what is known to be right.

Each user's contribution is bounded, as McMahan et al. 2018 (Learning differentially private recurrent language models, section 2.3) bound
it, here digit by digit against MNIST's own pictures, whose labels nobody who calls can touch. Of what a caller says is a 4, all weighs at
most CALLER times as much as MNIST's pictures of a 4; of what all callers say together, at most ALL times. So where a picture looks like
MNIST's and callers give it another digit, the right one still has the larger weight: a network that learns the frequencies it is shown
keeps it. What looks like nothing in MNIST has no such guard but the gate.
"""

from collections import defaultdict

import numpy as np

from model.data import Digits
from model.metrics import CLASSES, Floats
from model.renewal.agreement import Pictures

EMPHASIS = 8.0
"""What a labelled picture weighs where no bound is met, a picture of MNIST weighing 1: what is new is what is to be learnt."""

CALLER = 0.25
"""Of the weight of MNIST's pictures of a digit, what one caller's pictures of it may weigh."""

ALL = 0.5
"""And what those of all callers may. Less than 1: even if all said the same wrong thing."""


def weigh(pictures: Pictures, mnist: Digits) -> Floats:
    """The weight of each labelled picture, `float64[n]`, each of MNIST's weighing 1.

    A picture that several callers stand for belongs to each in equal parts.
    """
    known = np.bincount(mnist.labels, minlength=CLASSES).astype(np.float64)
    weights = np.zeros(len(pictures))
    shares: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    for place, (label, callers) in enumerate(zip(pictures.digits.labels.tolist(), pictures.callers, strict=True)):
        for caller in callers:
            shares[caller, label].append((place, EMPHASIS / len(callers)))
    for (_, label), parts in shares.items():
        asked = sum(part for _, part in parts)
        scale = min(1.0, CALLER * known[label] / asked)
        for place, part in parts:
            weights[place] += scale * part
    together = np.bincount(pictures.digits.labels, weights, CLASSES)
    bound: Floats = np.minimum(1.0, ALL * known / np.maximum(together, 1e-12))
    result: Floats = weights * bound[pictures.digits.labels]
    return result


def weight_by_caller(pictures: Pictures, weights: Floats) -> dict[str, float]:
    """What each caller's pictures weigh in all, most first; of a picture of several each has an equal part."""
    total: dict[str, float] = defaultdict(float)
    for weight, callers in zip(weights.tolist(), pictures.callers, strict=True):
        for caller in callers:
            total[caller] += weight / len(callers)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

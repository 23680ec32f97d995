"""How far an answer may be trusted: the least energy of a digit and the least probability of a candidate, by validation pictures alone.

They ship with the model, and the gateway applies them. What they are worth on other pictures is what `python -m model trust` measures.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.inference import energy, softmax
from model.metrics import Labels
from model.refused import Refused
from model.splitting import Writers
from model.trust.ranks import threshold_refusing
from model.trust.rejection import MOST_REFUSED
from model.trust.scores import ENERGY
from model.trust.sets import RELEASED_LEVEL, half_of, quantile_of

FILE = "limits.json"


@dataclass(frozen=True)
class Limits:
    """A picture whose `score` is under `least` (nats) is no digit; None: there were too few pictures to say. A digit at least as probable
    as `quantile` stays possible, so that sets hold the right one as often as `level`."""

    score: str
    least: float | None
    level: float
    quantile: float


def limits_of(logits: NDArray[np.floating], labels: Labels, writers: Writers | None = None, seed: int = 0) -> Limits:
    """By calibrated logits `[n, 10]` of validation pictures; `seed` draws the half of the writers by whom the sets are calibrated,
    so that the others can say what they are worth. Where the writers are not known, all pictures calibrate."""
    try:
        least = threshold_refusing(energy(logits), MOST_REFUSED)
    except ValueError:
        least = None
    calibrating = slice(None) if writers is None else half_of(writers, np.random.default_rng(seed))
    of_labels = softmax(logits)[np.arange(len(labels)), labels]
    return Limits(ENERGY, least, RELEASED_LEVEL, quantile_of(of_labels[calibrating], RELEASED_LEVEL))


def write_limits(released: Path, logits: NDArray[np.floating], labels: Labels, writers: Writers | None = None, seed: int = 0) -> Limits:
    """As `limits_of`, written to `limits.json` in the folder of the released network."""
    limits = limits_of(logits, labels, writers, seed)
    (released / FILE).write_text(json.dumps(asdict(limits), indent=1) + "\n", encoding="utf-8")
    return limits


def read_limits(released: Path) -> Limits | None:
    """None where the network was released without them. Raises Refused where the file does not say all four, each as it should be."""
    file = released / FILE
    if not file.exists():
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        least = None if said["least"] is None else _number(said["least"])
        return Limits(_text(said["score"]), least, _number(said["level"]), _number(said["quantile"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Refused(f"{file} holds no limits ({error!r}); `python -m model limits` writes it") from error


def _number(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise ValueError(f"{said!r} is no number")
    return said


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise ValueError(f"{said!r} is no text")
    return said

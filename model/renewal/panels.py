"""What the gate asks both networks, and what they say: each picture once, in the arithmetic that each would be served in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.corruptions.table import CORRUPTIONS, corrupted
from model.data import Digits
from model.evaluate import compute_logits
from model.judge import Panel
from model.renewal.agreement import Pictures


class Reader(Protocol):
    """What is judged: what `model.choice.fastest` makes of a released folder, or something that answers as it does."""

    @property
    def arithmetic(self) -> str: ...

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Asked:
    """The pictures: the test set with its writers; of these the `hard` ones and those that are spoilt, by position, intp[n]; the known
    digits; and labelled pictures that the candidate never saw, None where nobody asked for them."""

    test: Panel
    hard: NDArray[np.intp]
    spoilt: NDArray[np.intp]
    known: Digits
    labelled: Pictures | None
    seed: int
    corruptions: tuple[str, ...] = field(default=tuple(CORRUPTIONS))


@dataclass(frozen=True)
class Said:
    """Logits `float32[n, 10]` of each panel, already divided by the network's temperature."""

    arithmetic: str
    test: NDArray[np.float32]
    known: NDArray[np.float32]
    labelled: NDArray[np.float32] | None
    spoilt: Mapping[str, NDArray[np.float32]]


def ask(reader: Reader, asked: Asked, name: str) -> Said:
    """Everything that one network is asked, on one thread, behind progress bars that say `name`."""
    pixels = asked.test.digits.pixels
    spoilt = {each: corrupted(each, pixels[asked.spoilt], asked.seed) for each in asked.corruptions}
    labelled = None if asked.labelled is None or not len(asked.labelled) else asked.labelled.digits.pixels
    return Said(
        arithmetic=reader.arithmetic,
        test=compute_logits(reader, pixels, f"{asked.test.name}, {name}"),
        known=compute_logits(reader, asked.known.pixels, f"known digits, {name}"),
        labelled=None if labelled is None else compute_logits(reader, labelled, f"labelled records, {name}"),
        spoilt={each: compute_logits(reader, those, f"{each}, {name}") for each, those in spoilt.items()},
    )

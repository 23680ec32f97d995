"""Pictures that nobody has sent before and whose digit is beyond doubt, as many as a benchmark needs.

Each is a training picture of MNIST with the low bits of seven ink pixels changed: by at most 7 of 255, and in no two in the same way.
The brightest and the black pixels stay, so a canonical picture stays one, passes through preprocessing unchanged, and is another key to
every cache.
"""

from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.client import Gateway, at_once
from loadtests.pictures import Pixels, png, training_pictures
from loadtests.programs import Failed

BASES = 3_000
SENDERS = 64
"""That many at once, since each may wait for company, as long as the gateway is set to."""

CHANGED = 7
BITS = 3
VARIANTS = 2 ** (BITS * CHANGED)
DIMMEST, BRIGHTEST = 32, 247
"""Ink pixels that may change: none becomes black, and the peak of the picture is brighter."""

SURE = 0.99


@dataclass(frozen=True)
class Upload:
    """A PNG and the digit that every server must read in it."""

    png: bytes
    digit: int


class Fresh:
    """Out of bases `uint8[n, 28, 28]` and their digits; each picture is given out once, and none is a base itself.

    They come in one order; the first is number `begin`, so that two may share bases and no picture.
    """

    def __init__(self, bases: Pixels, digits: NDArray[np.uint8], begin: int = 0) -> None:
        changeable = changeable_pixels(bases)
        self._bases = bases.reshape(len(bases), -1)[changeable.sum(axis=1) >= CHANGED]
        self._digits = digits[changeable.sum(axis=1) >= CHANGED]
        # a stable sort puts the first changeable pixels, in reading order, first
        self._places = np.argsort(~changeable_pixels(self._bases), axis=1, kind="stable")[:, :CHANGED]
        self._next = begin
        self._count: int = len(self._bases) * (VARIANTS - 1)

    def __len__(self) -> int:
        """How many there still are."""
        return self._count - self._next

    def take(self, count: int) -> list[Upload]:
        """The next ones. Raises ValueError when there are not so many more."""
        pixels, digits = self.pixels(count)
        return [Upload(png(picture), digit) for picture, digit in zip(pixels, digits.tolist(), strict=True)]

    def pixels(self, count: int) -> tuple[Pixels, NDArray[np.uint8]]:
        """The next ones as they are before they are PNGs. Raises ValueError."""
        if count > len(self):
            raise ValueError(f"{count} pictures are more than the {len(self)} that are left")
        numbers = np.arange(self._next, self._next + count)
        self._next += count
        base, variant = numbers % len(self._bases), 1 + numbers // len(self._bases)
        changes = (variant[:, None] >> (BITS * np.arange(CHANGED)) & (2**BITS - 1)).astype(np.uint8)
        pixels, places = self._bases[base], self._places[base]
        np.put_along_axis(pixels, places, np.take_along_axis(pixels, places, axis=1) ^ changes, axis=1)
        return pixels.reshape(-1, 28, 28), self._digits[base]


def changeable_pixels(pictures: Pixels) -> NDArray[np.bool_]:
    """`bool[n, 784]`"""
    flat = pictures.reshape(len(pictures), -1)
    return np.asarray((flat >= DIMMEST) & (flat <= BRIGHTEST))


def fresh_pictures(url: str, seed: int = 0) -> Fresh:
    """Out of training pictures, less those that the gateway at this URL doubts or misreads. Raises Failed where those are many, Refused."""
    pictures, labels = training_pictures()
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:BASES]
    with closing(Gateway(url)) as gateway:
        answers = at_once(gateway.predict, [png(pictures[number]) for number in chosen], SENDERS)
    sure = [answer["accepted"] and answer["confidence"] > SURE for answer in answers]
    right = [answer["digit"] == label for answer, label in zip(answers, labels[chosen], strict=True)]
    kept = chosen[np.array(sure) & np.array(right)]
    if len(kept) < BASES / 2:
        raise Failed(f"only {len(kept)} of {BASES} training pictures are read right and surely")
    return Fresh(pictures[kept], labels[kept])

"""MNIST's pictures, and what is made of them to be sent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

CHECKOUT = Path(__file__).parents[1]
PICTURES = "t10k-images-idx3-ubyte"
TRAINING_PICTURES = "train-images-idx3-ubyte"
TRAINING_LABELS = "train-labels-idx1-ubyte"
HEADER_BYTES = 16
LABELS_HEADER_BYTES = 8

Pixels = NDArray[np.uint8]


class Unseen:
    """The test pictures `uint8[28, 28]`, without their labels, in a seeded order, each given out once: no cache has seen it."""

    def __init__(self, pixels: Pixels, seed: int = 0) -> None:
        self._pixels: Iterator[Pixels] = iter(pixels[np.random.default_rng(seed).permutation(len(pixels))])

    @classmethod
    def fetched(cls) -> "Unseen":
        """From the project's dataset folder, fetched where it is not there. Raises CalledProcessError, its reason on standard error."""
        return cls(_pictures(PICTURES))

    def take(self, count: int) -> list[Pixels]:
        """The next ones. Raises StopIteration when there are no more."""
        return [next(self._pixels) for _ in range(count)]


def training_pictures() -> tuple[Pixels, NDArray[np.uint8]]:
    """`uint8[60000, 28, 28]` and the digit of each. Fetched as the others are."""
    return _pictures(TRAINING_PICTURES), np.fromfile(_fetched(TRAINING_LABELS), np.uint8, offset=LABELS_HEADER_BYTES)


def png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def inverted_and_thickened(pixels: Pixels) -> Pixels:
    """As a broad marker on white paper would have written it: dark on light, each stroke about two pixels wider."""
    thick = cv2.dilate(pixels, np.ones((3, 3), np.uint8))
    return np.asarray(255 - thick, np.uint8)


def thick_and_slanted(pixels: Pixels, lean_degrees: float) -> Pixels:
    """As a broad pen would have written it that leans to the right: white on black, `uint8[208, 432]`, the digit four times as large."""
    large = cv2.resize(pixels, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, 48, 48, 160, 160, cv2.BORDER_CONSTANT)
    thick = cv2.dilate(framed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    lean, (height, width) = np.tan(np.radians(lean_degrees)), thick.shape
    shear = np.array([[1.0, -lean, lean * height / 2], [0.0, 1.0, 0.0]])
    return np.asarray(cv2.warpAffine(thick, shear, (width, height)), np.uint8)


def zipf(count: int, catalogue: int, exponent: float = 1.1, seed: int = 0) -> NDArray[np.intp]:
    """`count` places in a catalogue, the one of rank r as often as r ** -exponent."""
    weights = np.arange(1, catalogue + 1) ** -exponent
    return np.random.default_rng(seed).choice(catalogue, count, p=weights / weights.sum())


def _pictures(name: str) -> Pixels:
    return np.fromfile(_fetched(name), np.uint8, offset=HEADER_BYTES).reshape(-1, 28, 28)


def _fetched(name: str) -> Path:
    folder = CHECKOUT / "var" / "datasets" / "mnist"
    if not (folder / name).is_file():
        subprocess.run([sys.executable, "-m", "model", "fetch", "--data", str(folder)], cwd=CHECKOUT, check=True)
    return folder / name

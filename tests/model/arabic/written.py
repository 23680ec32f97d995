"""A file like MADBase's, of writers that there never were, and a way to fit it in no time."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.arabic.fitting import Fitted
from model.data import Digits
from model.network import build
from model.recipes import Recipe


def page_of(writer: int) -> list[tuple[str, bytes]]:
    """A hundred pictures as one writer makes them: his slant is his own, his hand shakes."""
    rng = np.random.default_rng(writer)
    entries = []
    for place in range(100):
        picture = np.zeros((28, 28), np.uint8)
        cv2.putText(picture, str(place % 10), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 1 + writer % 2)
        shift = np.array([[1, -0.25 * (writer % 4), 2 * (writer % 4)], [0, 1, 0]]) + rng.normal(0, 0.03, (2, 3))
        picture = cv2.warpAffine(picture, shift, (28, 28)).astype(np.uint8)
        entries.append((f"test/id_{100 * writer + place + 1}_label_{place % 10}.png", png(picture)))
    return entries


def png(picture: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def zipped(entries: list[tuple[str, bytes]], path: Path) -> Path:
    """Entries in an order that is not that of their numbers, as archivers sort names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("test")
        for name, content in sorted(entries):
            archive.writestr(name, content)
    path.write_bytes(packed.getvalue())
    return path


@dataclass(frozen=True)
class ByHeart(Fitted):
    """Reads what it was fitted to, and calls everything else a 0."""

    heard: dict[bytes, int]

    def logits(self, digits: Digits) -> NDArray[np.float32]:
        read = [self.heard.get(pixels.tobytes(), 0) for pixels in digits.pixels]
        return np.float32(20) * np.eye(10, dtype=np.float32)[read]


def by_heart(told: list[Digits]) -> Callable[[Recipe, int, Digits, Path], Fitted]:
    """A way to fit that notes in `told` what it was given to learn from."""

    def fit(recipe: Recipe, seed: int, training: Digits, folder: Path) -> Fitted:
        told.append(training)
        heard = {pixels.tobytes(): int(label) for pixels, label in zip(training.pixels, training.labels, strict=True)}
        return ByHeart(build(recipe.network).eval(), 2.0, 1.0, heard)

    return fit

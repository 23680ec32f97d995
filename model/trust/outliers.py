"""Pictures that show no digit, as uploads of them reach the network: drawn large, then made canonical by our own preprocessing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess import canonicalise_picture

PAGE = (60, 90)
"""Rows and columns that two digits are written on."""

GAPS = (-3, 6)
"""Columns between the boxes of two digits, the second exclusive; below 0 they overlap."""

SIDES = (28, 113)
"""Pixels that a picture of noise or of a blank sheet is long and wide, the second exclusive."""

Grey = NDArray[np.uint8]
Kind = Callable[[int, int, np.random.Generator], Grey]
"""Draws a picture `uint8[rows, columns]`."""


@dataclass(frozen=True)
class Outliers:
    """Canonical pixels `uint8[n, 28, 28]` of pictures without one digit, and which of them preprocessing doubts, `bool[n]`."""

    name: str
    pixels: Grey
    doubted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)

    def only(self, chosen: NDArray[np.bool_], name: str) -> "Outliers":
        """Some of them, under another name."""
        return Outliers(name, self.pixels[chosen], self.doubted[chosen])


def canonical(name: str, pictures: Sequence[Grey]) -> Outliers:
    """Decoded pictures, each `uint8[h, w]`, as the service would see them."""
    seen = [canonicalise_picture(picture) for picture in pictures]
    return Outliers(name, np.stack([each.pixels for each in seen]), np.array([bool(each.reasons) for each in seen]))


def two_digits(pixels: Grey, count: int, rng: np.random.Generator) -> Outliers:
    """Pairs of these digits `uint8[n, 28, 28]` side by side, some of which touch."""
    chosen = rng.integers(len(pixels), size=(count, 2))
    return canonical("two digits", [_pair(pixels[first], pixels[second], rng) for first, second in chosen])


def drawn(name: str, kinds: Sequence[Kind], count: int, rng: np.random.Generator) -> Outliers:
    """Pictures of each kind in turn, each of its own size."""
    return canonical(name, [kinds[place % len(kinds)](*_size(rng), rng) for place in range(count)])


def uniform(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """Every grey as likely in every pixel."""
    return rng.integers(0, 256, (rows, columns), np.uint8)


def gaussian(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """A strong normal noise around one grey."""
    return _grey(rng.uniform(60, 200) + rng.uniform(20, 60) * rng.standard_normal((rows, columns)))


def clouds(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """Normal noise blurred to soft blobs, at full contrast."""
    blurred = cv2.GaussianBlur(rng.standard_normal((rows, columns)), (0, 0), rng.uniform(2, 6))
    return _grey(255 * (blurred - blurred.min()) / (blurred.max() - blurred.min()))


def salt_and_pepper(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """White paper with black pixels."""
    return np.where(rng.random((rows, columns)) < rng.uniform(0.05, 0.5), 0, 255).astype(np.uint8)


def scribble(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """Straight strokes of a pen from anywhere to anywhere, dark on white."""
    page = np.full((rows, columns), 255, np.uint8)
    ends = rng.integers(0, [columns, rows], (int(rng.integers(3, 9)), 2)).astype(np.int32)
    cv2.polylines(page, [ends], False, 0, max(1, min(rows, columns) // 14), cv2.LINE_AA)
    return page


def shapes(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """One to three filled shapes on white: ink without strokes."""
    page = np.full((rows, columns), 255, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        corners = rng.integers(0, [columns, rows], (int(rng.integers(3, 7)), 2)).astype(np.int32)
        cv2.fillConvexPoly(page, cv2.convexHull(corners).astype(np.int32), int(rng.integers(0, 150)), cv2.LINE_AA)
    return page


def even_sheet(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """Paper of one grey with grain."""
    return _grey(rng.uniform(100, 250) + rng.uniform(0, 5) * rng.standard_normal((rows, columns)))


def shaded_sheet(rows: int, columns: int, rng: np.random.Generator) -> Grey:
    """Paper with a shadow across it, grain, and a few grains of dirt."""
    down, across = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    light = rng.uniform(120, 240) * (1 - rng.uniform(0, 0.5) * (down if rng.random() < 0.5 else across))
    sheet = light + rng.uniform(0, 5) * rng.standard_normal((rows, columns))
    for row, column in zip(rng.integers(0, rows, 3), rng.integers(0, columns, 3), strict=True):
        sheet[row, column] -= rng.uniform(0, 100)
    return _grey(sheet)


def _grey(levels: NDArray[np.floating]) -> Grey:
    whole: Grey = np.rint(levels).clip(0, 255).astype(np.uint8)
    return whole


def _size(rng: np.random.Generator) -> tuple[int, int]:
    rows, columns = rng.integers(*SIDES, size=2)
    return int(rows), int(columns)


def _pair(first: Grey, second: Grey, rng: np.random.Generator) -> Grey:
    page = np.zeros(PAGE, np.uint8)
    left = 12
    for digit in (first, second):
        ink = _cut(digit)
        top = (PAGE[0] - ink.shape[0]) // 2 + int(rng.integers(-3, 4))
        under = page[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(under, ink, out=under)
        left += ink.shape[1] + int(rng.integers(*GAPS))
    return page


def _cut(pixels: Grey) -> Grey:
    left, top, width, height = cv2.boundingRect(pixels)
    return pixels[top : top + height, left : left + width]

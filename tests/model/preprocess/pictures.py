"""Pictures that the tests of preprocessing share: a hundred known digits, and ways to draw and encode them."""

import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_KNOWN = np.load(Path(__file__).parents[3] / "model" / "known" / "digits.npz")
DIGITS: NDArray[np.uint8] = _KNOWN["pixels"]
LABELS: NDArray[np.uint8] = _KNOWN["labels"]


def enlarged(pixels: NDArray[np.uint8], times: float = 6) -> NDArray[np.float32]:
    """Coverage 0..1 of a digit drawn larger."""
    side = round(28 * times)
    return cv2.resize(pixels, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / np.float32(255)


def drawn(layer: NDArray[np.float32], height: int = 300, width: int = 360, *, paper: float = 225, pen: float = 40) -> NDArray[np.uint8]:
    """Coverage laid on paper, down and right of the middle."""
    canvas = np.zeros((height, width), np.float32)
    top, left = (height - layer.shape[0]) * 2 // 3, (width - layer.shape[1]) * 2 // 3
    canvas[top : top + layer.shape[0], left : left + layer.shape[1]] = layer
    page: NDArray[np.uint8] = np.rint(paper + (pen - paper) * canvas).astype(np.uint8)
    return page


def cut(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    left, top, width, height = cv2.boundingRect(pixels)
    return pixels[top : top + height, left : left + width]


def pair(first: NDArray[np.uint8], second: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    """Two digits side by side, `gap` columns between their boxes; 56 x 56."""
    a, b = cut(first), cut(second)
    together = np.zeros((56, 56), np.uint8)
    together[18 : 18 + a.shape[0], 2 : 2 + a.shape[1]] = a
    at = 2 + a.shape[1] + gap
    np.maximum(together[18 : 18 + b.shape[0], at : at + b.shape[1]], b, out=together[18 : 18 + b.shape[0], at : at + b.shape[1]])
    return together


def encoded(pixels: NDArray[np.generic] | Image.Image, kind: str, **options: object) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Mean absolute difference in levels of 255, at best a pixel apart: a centre of mass between two pixels may fall to either."""
    shifts = ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return min(float(np.abs(np.roll(first, shift, (0, 1)).astype(int) - second).mean()) for shift in shifts)

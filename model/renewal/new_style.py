"""A way of writing that the released network is bad at, made of MNIST's pictures by a seed: a broad pen, and digits that lean back."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.data import Digits
from model.preprocess.place import place

FINE = 4
"""A digit is written so many times as large, so that its edges stay smooth."""

PEN_PIXELS = 9
"""Across, at that size: strokes become 2 canonical pixels wider."""

LEAN_DEGREES = (-40.0, -30.0)
"""From where the writer's own stroke pointed; below 0 is to the left, as in a backhand. To the right, where most hands lean already, digits
grow so wide that fitted to 20 pixels they are 16 high, and what is lost no training brings back."""

MARGIN = 80
"""At that size: room for what leans out of the frame."""

FAINT = 20
"""Of 255: blurred edges fainter than this are not ink to be fitted."""


def new_style(digits: Digits, count: int, seed: int) -> Digits:
    """`count` of the pictures, each at most once and in an order drawn by the seed, as if written so: canonical pixels.

    What becomes of a picture depends on it, its place in that order and the seed. Raises ValueError where there are fewer.
    """
    if count > len(digits):
        raise ValueError(f"there are {len(digits)} pictures, not {count}")
    rng = np.random.default_rng(seed)
    chosen = digits[rng.permutation(len(digits))[:count]]
    leans = np.tan(np.radians(rng.uniform(*LEAN_DEGREES, count)))
    bar = tqdm(zip(chosen.pixels, leans, strict=True), total=count, desc="writing anew", unit="picture", disable=None)
    return Digits(np.stack([rewritten(picture, float(lean)) for picture, lean in bar]), chosen.labels)


def rewritten(picture: NDArray[np.uint8], lean: float, pen: int = PEN_PIXELS) -> NDArray[np.uint8]:
    """One picture uint8[28, 28] with this pen, each row `lean` columns further to the right than the one under it; canonical."""
    large = cv2.resize(picture, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT)
    thick = cv2.dilate(large, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen)))
    height, width = thick.shape
    shear = np.array([[1.0, -lean, lean * height / 2], [0.0, 1.0, 0.0]])
    leaning = cv2.warpAffine(thick, shear, (width, height), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    left, top, across, down = cv2.boundingRect((leaning > FAINT).astype(np.uint8))
    return place(leaning[top : top + down, left : left + across])

"""What drift is watched by: four numbers a digit has however it is photographed, from its canonical pixels alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.preprocess.place import Shape
from model.preprocess.stroke import Outline, stroke_width


class Features(NamedTuple):
    """Of a black picture all are 0."""

    ink: float
    """Mean strength of all 784 pixels, 0 to 1."""
    aspect: float
    """Width of the ink's box over its height; above 0."""
    slant: float
    """Shear of the ink, horizontal pixels a pixel of height: positive where the top leans to the right. About -1 to 1."""
    stroke: float
    """Mean width of the strokes, pixels."""


def measure(pixels: NDArray[np.uint8], shape: Shape | None = None, outline: Outline | None = None) -> Features:
    """Measure canonical pixels, uint8 (28, 28); `shape` and `outline` are theirs, where somebody has them."""
    shape = shape or Shape.of(pixels)
    if not shape.width:
        return Features(0.0, 0.0, 0.0, 0.0)
    return Features(
        ink=shape.mass / (255 * pixels.size),
        aspect=shape.width / shape.height,
        slant=-shape.mu11 / shape.mu02 if shape.mu02 else 0.0,
        stroke=stroke_width(outline or Outline.of(pixels)),
    )

"""A map laid over its picture, for eyes."""

import cv2
import numpy as np
from numpy.typing import NDArray

SCALE = 8
"""Pixels of the overlay a pixel of the picture, each way."""


def overlay(pixels: NDArray[np.uint8], told: NDArray[np.float32]) -> bytes:
    """PNG of a canonical picture, uint8[side, side], in grey under its map, float32[side, side] in 0..1, from blue to red."""
    ink = cv2.resize(pixels, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_NEAREST)
    heat = cv2.applyColorMap(cv2.resize((told * 255).astype(np.uint8), None, fx=SCALE, fy=SCALE), cv2.COLORMAP_JET)
    encoded, data = cv2.imencode(".png", cv2.addWeighted(cv2.cvtColor(ink, cv2.COLOR_GRAY2BGR), 0.5, heat, 0.5, 0))
    assert encoded
    return data.tobytes()

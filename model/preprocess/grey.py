"""One lightness a pixel, uint8, from any stored kind of pixel. Where the channels agree, the grey is exactly what they say."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_Level = TypeVar("_Level", np.uint8, np.uint16)

ENOUGH_SIDE = 800
"""Pixels of the long side that are enough to read a digit anywhere in the picture; what has at least twice as many is shrunk."""
CLEARER = 1.5
"""A colour channel replaces the luma when it varies this many times as much: yellow ink on white shows in blue alone."""
ONE_TONE = 24.0
"""Levels: what shows through a transparent picture varies less than this when the drawing is in the transparency itself."""
CARD = 0.8
"""Share of its box that what shows fills at least where it is a card with a drawing on it, and not the drawing."""


def grey_of(image: Image.Image) -> NDArray[np.uint8]:
    """Grey pixels (height, width) of a Pillow picture in any of its modes, shrunk to about ENOUGH_SIDE where it is far larger.

    Raises what Pillow raises while it decodes.
    """
    image.load()
    if image.mode.startswith("I;16"):
        return _deep(np.asarray(image).astype(np.uint16, copy=False), image.info.get("transparency"))
    if image.mode in ("I", "F"):
        return _stretched(np.asarray(_reduced(image)))
    if image.mode == "LAB":
        return np.asarray(_reduced(image.getchannel(0)))
    seen_through = "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBA", "RGBa")
    if seen_through:
        image = image.convert("LA" if image.mode in ("1", "L", "LA", "La") else "RGBA")
    elif image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    pixels = np.asarray(_reduced(image))
    if pixels.ndim == 2:
        return pixels
    channels = pixels.shape[2]
    grey = np.ascontiguousarray(pixels[..., 0]) if channels == 2 else lightness(pixels[..., :3])
    return over_background(grey, pixels[..., -1]) if channels in (2, 4) else grey


def _reduced(image: Image.Image) -> Image.Image:
    """The same, area-averaged by a whole factor as `shrunk` does, before numpy takes a copy."""
    times = max(image.size) // ENOUGH_SIDE
    return image.reduce(times) if times >= 2 else image


def shrunk(pixels: NDArray[_Level]) -> NDArray[_Level]:
    """The same picture, area-averaged by a whole factor so that its long side is at least ENOUGH_SIDE and less than twice that."""
    height, width = pixels.shape[:2]
    times = max(height, width) // ENOUGH_SIDE
    if times < 2:
        return pixels
    size = (max(1, round(width / times)), max(1, round(height / times)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(pixels.dtype, copy=False)


def lightness(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (ITU-R BT.601) of uint8 (h, w, 3), unless one channel alone shows the drawing CLEARER times as well."""
    rgb = np.ascontiguousarray(rgb)
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    step = max(1, max(rgb.shape[:2]) // 128)
    _, spread = cv2.meanStdDev(np.ascontiguousarray(rgb[::step, ::step]))
    _, luma_spread = cv2.meanStdDev(np.ascontiguousarray(luma[::step, ::step]))
    best = int(spread.argmax())
    return np.ascontiguousarray(rgb[..., best]) if spread[best, 0] > CLEARER * luma_spread[0, 0] + 1 else luma


def over_background(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a picture over a background on which its drawing shows; both are uint8 (h, w), alpha 255 where opaque.

    Where what shows is the drawing, the background is black under a light one and white under a dark one. Where it is a card with the
    drawing on it, perhaps with round corners, the background takes the tone of the card's rim, so that no outline appears.
    """
    if int(alpha.min()) == 255 or int(alpha.max()) == 0:
        return grey if int(alpha.min()) == 255 else np.full_like(grey, 255)
    weight = alpha.astype(np.float32)
    total = float(weight.sum())
    mean = float((grey * weight).sum()) / total
    deviation = float(np.sqrt(((grey - np.float32(mean)) ** 2 * weight).sum() / total))
    background = 255.0 if mean < 128 else 0.0
    shown = (alpha >= 128).astype(np.uint8)
    _, _, width, height = cv2.boundingRect(shown)
    if deviation > ONE_TONE and cv2.countNonZero(shown) > CARD * width * height:
        rim = cv2.dilate(1 - shown, np.ones((3, 3), np.uint8)) > 1 - shown
        background = float(np.median(grey[rim])) if rim.any() else background
    mixed = background + (grey - np.float32(background)) * (weight / np.float32(255))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _deep(pixels: NDArray[np.uint16], clear: object) -> NDArray[np.uint8]:
    """16-bit levels to 8, 257 apart as PNG maps them back; `clear` is the one level that is transparent, if any."""
    alpha = shrunk(np.where(pixels == clear, 0, 255).astype(np.uint8)) if isinstance(clear, int) else None
    small = shrunk(pixels).astype(np.uint32)
    grey = ((small + 128) // 257).astype(np.uint8)
    return grey if alpha is None else over_background(grey, alpha)


def _stretched(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """32-bit integers or floats to 8 bits: as 0..1, 8-bit or 16-bit levels where they fit one of these, else stretched over their range."""
    levels = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(levels.min()), float(levels.max())
    if low >= 0 and high <= 1 and values.dtype.kind == "f":
        levels = levels * 255
    elif low >= 0 and high <= 255:
        pass
    elif low >= 0 and high <= 65535:
        levels = levels / 257
    else:
        levels = (levels - low) * (255 / max(high - low, np.finfo(np.float64).tiny))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)

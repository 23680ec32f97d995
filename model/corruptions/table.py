"""Every corruption of MNIST-C by its name, and the one way to apply one."""

from collections.abc import Callable

import numpy as np

from model.corruptions.blur import glass_blur, motion_blur
from model.corruptions.edges import canny_edges
from model.corruptions.geometry import rotate, scale, shear, translate
from model.corruptions.levels import Pixels
from model.corruptions.lines import dotted_line, zigzag
from model.corruptions.noise import impulse_noise, shot_noise
from model.corruptions.tone import brightness, stripe
from model.corruptions.weather import fog, spatter
from model.preprocess.place import SIDE

Corruption = Callable[[Pixels, np.random.Generator], Pixels]

CORRUPTIONS: dict[str, Corruption] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}
"""In the order of MNIST-C."""


def corrupted(name: str, pixels: Pixels, seed: int) -> Pixels:
    """Pictures `uint8[n, 28, 28]` spoilt in the named way; theirs are left as they are.

    What becomes of a picture depends on it, its place, the name and the seed: the first of many pictures come out as they would alone.
    Raises KeyError for another name, ValueError for another shape or dtype.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"what is corrupted is uint8[n, 28, 28], not {pixels.dtype}{list(pixels.shape)}")
    return CORRUPTIONS[name](pixels, np.random.default_rng([seed, list(CORRUPTIONS).index(name)]))

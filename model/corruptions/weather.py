"""Fog before the picture, and mud on it."""

import numpy as np

from model.corruptions.levels import FULL, Pixels, levels, shares
from model.corruptions.smoothing import smoothed
from model.metrics import Floats
from model.preprocess.place import SIDE

FOG, FOG_DECAY = 3.0, 1.4
"""Weight of the fog beside full ink, and how much rougher than itself it is at twice the size (severity 5)."""
FOG_SIDE, FOG_ROUGHNESS = 256, 100.0
"""Pixels of the fog that the picture sees a corner of, and its roughness at that size, which the decay alone scales."""

MUD_MEAN, MUD_SD, MUD_SIGMA, MUD_FROM = 0.65, 0.3, 1.0, 0.65
"""Normal noise, blurred by a pixel: mud is where it is more than the last (severity 4)."""
MUD_EDGE_SIGMA, MUD_EDGE_FROM = 1.5, 0.8
MUD = 63 / FULL
"""Its colour."""


def fog(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`; the picture's own fog is added, then both are dimmed until full ink is full ink again."""
    values = shares(pixels)
    for picture in values:
        most = picture.max()
        picture += FOG * plasma(rng)[:SIDE, :SIDE]
        picture *= most / (most + FOG)
    return levels(values)


def spatter(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`; mud hides what is under it."""
    noise = smoothed(rng.normal(MUD_MEAN, MUD_SD, pixels.shape), down=MUD_SIGMA, across=MUD_SIGMA)
    mud = smoothed((noise > MUD_FROM).astype(np.float64), down=MUD_EDGE_SIGMA, across=MUD_EDGE_SIGMA)
    mud[mud < MUD_EDGE_FROM] = 0
    return levels(shares(pixels) * (1 - mud) + MUD * mud)


def plasma(rng: np.random.Generator) -> Floats:
    """Heights `float64[256, 256]` from 0 to 1 that go on over the borders, by diamonds and squares (Fournier et al. 1982)."""
    heights = np.zeros((FOG_SIDE, FOG_SIDE))
    step, roughness = FOG_SIDE, FOG_ROUGHNESS
    while step >= 2:
        half, extent = step // 2, roughness**2
        corners, middles = heights[::step, ::step], heights[half::step, half::step]
        beside = corners + np.roll(corners, -1, axis=0)
        middles[:] = _wobbled(beside + np.roll(beside, -1, axis=1), extent, rng)
        heights[::step, half::step] = _wobbled(middles + np.roll(middles, 1, axis=0) + corners + np.roll(corners, -1, axis=1), extent, rng)
        heights[half::step, ::step] = _wobbled(middles + np.roll(middles, 1, axis=1) + corners + np.roll(corners, -1, axis=0), extent, rng)
        step, roughness = half, roughness / FOG_DECAY
    heights -= heights.min()
    result: Floats = heights / heights.max()
    return result


def _wobbled(sum_of_four: Floats, extent: float, rng: np.random.Generator) -> Floats:
    return sum_of_four / 4 + rng.uniform(-extent, extent, sum_of_four.shape)

"""The paper under the ink: which of the two is the darker, and how bright the paper is at every place, under uneven light too."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

TINY_SIDE = 64
"""Pixels of the long side of the copy on which light is judged: it is smooth, and noise averages out."""
SIMPLER = (1.05, 1.02, 1.0)
"""A more bending surface must separate ink from paper better by these ratios: a quadratic can bend into a digit cropped to its edges."""
MOSTLY_LIGHT = 0.1
"""Share of the variance that a quadratic leaves at most where the light, and not the drawing, is what varies."""
INK_GAP = 4.0
"""Standard deviations of the paper between the means of ink and paper; two halves of bare noise lie 2.6 apart, of a slope 3.5."""
SHADOW_AREA, SHADOW_BORDER, SHADOW_GAP = 0.12, 0.15, 12.0
"""What is broad and takes these shares of picture and border may be shadow, if what lies in it then stands out by so many standard
deviations: what a closing leaves of a digit cropped to its edges stands out by 8 at most."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a picture would be without its ink."""

    level: NDArray[np.float32]
    """(h, w): the grey of the paper at each pixel."""
    dark: bool
    """The ink is darker than it."""
    bare: NDArray[np.bool_]
    """A coarse grid over the picture: True where no ink was seen."""


def find_paper(grey: NDArray[np.uint8]) -> Paper:
    """Estimate the paper of a grey picture, uint8 (h, w), any size of at least 1 x 1.

    Light that falls off is modelled as nothing, a plane or a quadratic fitted to the border (least absolute deviations, so ink that
    crosses the border does not matter): the last where it explains nearly all, else the one after which Otsu's two classes (Otsu 1979)
    lie furthest apart.
    The paper is what holds more of border and area together: ink may fill either alone, in a digit cropped to its edges or a box frame.
    Then what is left between the ink is smoothed and filled in under it, which follows shadows and vignettes.
    """
    height, width = grey.shape
    shrink = min(1.0, TINY_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    tiny = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    border = _border(tiny.shape[0], tiny.shape[1])

    even, plane, bent = (_surface(tiny, terms) for terms in (1, 3, 6))
    if float((tiny - bent).var()) < MOSTLY_LIGHT * float((tiny - even).var()):
        surface, (_, above) = bent, _two_classes(tiny - bent)
    else:
        tried = [(surface, *_two_classes(tiny - surface)) for surface in (even, plane, bent)]
        best = max(range(3), key=lambda n: tried[n][1] * SIMPLER[n])
        surface, _, above = tried[best]
    surface, above = _under_shadow(tiny, surface, above)

    if max(_gap(tiny - surface, above), _gap(tiny - surface, ~above)) < INK_GAP:
        # Noise or a slope was cut in two: there is nothing here but paper, or ink too small to be seen from so far.
        surface, ink, dark = _surface(tiny, 6), np.zeros(tiny.shape, bool), float(tiny.mean()) >= 128
    else:
        dark = float(above[border].mean()) + float(above.mean()) >= 1
        ink = ~above if dark else above
    rest = tiny - surface
    hidden = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8))
    rest = _filled_in(rest, hidden.astype(np.uint8, copy=False))
    level = cv2.resize(surface + rest, (width, height), interpolation=cv2.INTER_LINEAR)
    return Paper(level.astype(np.float32, copy=False), dark, hidden == 0)


def _gap(values: NDArray[np.float32], ink: NDArray[np.bool_]) -> float:
    """How many standard deviations of the paper lie between the means of ink and paper; 0 where one of them is missing.

    A deviation counts as a level at least: the steps of 8 bits stand out of nothing.
    """
    share = float(ink.mean())
    if share in (0.0, 1.0):
        return 0.0
    paper = values[~ink]
    return abs(float(values[ink].mean()) - float(paper.mean())) / max(float(paper.std()), 1.0)


def _under_shadow(
    tiny: NDArray[np.float32], surface: NDArray[np.float32], above: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The paper as a grey closing (dark ink) or opening (light ink) has it, where that leaves a small thing that stands out far better.

    A shadow with an edge is the larger class of any surface that cannot bend so sharply; a closing follows it. Strokes wider than the
    kernel are swallowed, so it is not the first choice.
    """
    minority = above if float(above.mean()) < 0.5 else ~above
    broad = cv2.morphologyEx(minority.astype(np.uint8), cv2.MORPH_OPEN, np.ones((max(tiny.shape) // 7 | 1,) * 2, np.uint8))
    if float(broad.mean()) < SHADOW_AREA or float(minority[_border(*tiny.shape)].mean()) < SHADOW_BORDER:
        return surface, above
    smaller = float(minority.mean())
    kernel = np.ones((max(tiny.shape) // 4 | 1,) * 2, np.uint8)
    for operation, dark in ((cv2.MORPH_CLOSE, True), (cv2.MORPH_OPEN, False)):
        candidate = cv2.morphologyEx(tiny, operation, kernel).astype(np.float32, copy=False)
        _, upper = _two_classes(tiny - candidate)
        ink = ~upper if dark else upper
        if float(ink.mean()) < smaller / 3 and _gap(tiny - candidate, ink) > SHADOW_GAP:
            return candidate, upper
    return surface, above


@lru_cache(maxsize=64)
def _border(height: int, width: int) -> NDArray[np.bool_]:
    depth = max(1, round(min(height, width) / 16))
    inside = np.ones((height, width), bool)
    inside[depth:-depth, depth:-depth] = False
    return inside


@lru_cache(maxsize=64)
def _basis(height: int, width: int) -> NDArray[np.float32]:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], -1).astype(np.float32)


def _surface(tiny: NDArray[np.float32], terms: int) -> NDArray[np.float32]:
    height, width = tiny.shape
    border, basis = _border(height, width), _basis(height, width)[..., :terms]
    values = tiny[border]
    if terms == 1:
        return np.full_like(tiny, np.median(values))
    at = basis[border]
    ridge = np.diag([0.0] + [1e-3] * (terms - 1))
    weight = 1 / (np.abs(values - np.median(values)) + 2)
    found = np.zeros(terms)
    for _ in range(4):  # reweighted least squares converges on least absolute deviations
        weighted = at * weight[:, None]
        found = np.linalg.solve(at.T @ weighted + ridge * weight.sum(), weighted.T @ values)
        weight = 1 / (np.abs(values - at @ found) + 2)
    return (basis @ found).astype(np.float32)


def _two_classes(values: NDArray[np.float32]) -> tuple[float, NDArray[np.bool_]]:
    """Share of the variance that lies between Otsu's two classes, 0 to 1, and which pixels are in the upper one."""
    low, high = float(values.min()), float(values.max())
    levels = ((values - low) * (255 / max(high - low, 1.0))).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    above = levels > threshold
    share = float(above.mean())
    variance = float(levels.var())
    if share in (0.0, 1.0) or variance == 0:
        return 0.0, above
    gap = float(levels[above].mean()) - float(levels[~above].mean())
    return share * (1 - share) * gap * gap / variance, above


def _filled_in(values: NDArray[np.float32], hidden: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Smooth what is not hidden and carry it on under what is (normalised convolution, Knutsson and Westin 1993)."""
    known = (1 - hidden).astype(np.float32)
    if not known.any():
        return np.zeros_like(values)
    sigma = max(values.shape) / 8
    weight = cv2.GaussianBlur(known, (0, 0), sigma) + np.float32(1e-6)
    return (cv2.GaussianBlur(values * known, (0, 0), sigma) / weight).astype(np.float32)

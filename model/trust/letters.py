"""Letters as matplotlib's own fonts draw them, a little turned, made canonical by our own preprocessing. Two families, one to choose by."""

import string
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from model.trust.outliers import Outliers, canonical

ALL = string.ascii_letters
LOOK_ALIKES = "OoIlSsZzBgq"
"""Letters that are written as digits are: no reader of single digits can refuse them and not the digits."""

REPORTED_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSansMono-BoldOblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
)
VALIDATION_FONTS = (
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmr10",
    "cmb10",
    "cmti10",
    "cmss10",
    "cmtt10",
)
"""Other families than the reported ones: what is chosen by these was chosen by no reported letter."""

VARIATIONS = 5
"""Drawings of each letter in each font; the first stands upright."""

MOST_DEGREES = 10.0
POINTS, PAPER = 96, 240
"""Size of the letter, and pixels along either side of the sheet that it stands in the middle of."""


def letters(fonts: Sequence[str], rng: np.random.Generator, variations: int = VARIATIONS) -> tuple[Outliers, NDArray[np.str_]]:
    """Every letter in every font, and which letter each is, `str[n]`: dark on white."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pictures, names = [], []
    for name in tqdm(fonts, desc="drawing letters", unit="font", disable=None):
        font = ImageFont.truetype(str(folder / f"{name}.ttf"), POINTS)
        for letter in ALL:
            for variation in range(variations):
                turned = rng.uniform(-MOST_DEGREES, MOST_DEGREES) if variation else 0.0
                pictures.append(_drawn(letter, font, turned))
                names.append(letter)
    return canonical("all 52 letters", pictures), np.array(names)


def like_digits(names: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which letters `str[n]` are among `LOOK_ALIKES`."""
    return np.isin(names, list(LOOK_ALIKES))


def _drawn(letter: str, font: ImageFont.FreeTypeFont, degrees: float) -> NDArray[np.uint8]:
    sheet = Image.new("L", (PAPER, PAPER), 255)
    ImageDraw.Draw(sheet).text((PAPER // 2, PAPER // 2), letter, font=font, fill=0, anchor="mm")
    return np.asarray(sheet.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255) if degrees else sheet)

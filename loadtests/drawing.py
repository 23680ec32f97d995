"""Figures as PNGs small enough to be committed, in the same colours."""

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

ACCENT, PAPER = "#c2410c", "#94a3b8"


def save_small(figure: Figure, file: Path, *, dots_per_inch: int, shades: int) -> None:
    """With that many shades of its few colours, which is less than half of the bytes. Raises OSError."""
    drawing = io.BytesIO()
    figure.savefig(drawing, dpi=dots_per_inch)
    Image.open(drawing).convert("RGB").quantize(shades).save(file, optimize=True)

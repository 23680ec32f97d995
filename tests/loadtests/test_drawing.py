"""A figure that is kept is small, and has the colours that it was drawn in."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from loadtests.drawing import ACCENT, save_small


def test_a_figure_is_less_than_half_of_its_bytes_and_keeps_its_colours(tmp_path: Path) -> None:
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot(np.sin(np.arange(200)), color=ACCENT, linewidth=4)
    figure.savefig(tmp_path / "as_it_was.png", dpi=80)
    save_small(figure, tmp_path / "small.png", dots_per_inch=80, shades=8)
    small = Image.open(tmp_path / "small.png")
    assert small.size == (320, 240)
    colours = small.convert("RGB").getcolors()
    assert colours is not None
    assert len(colours) <= 8
    wanted = np.array([int(ACCENT[place : place + 2], 16) for place in (1, 3, 5)])
    assert min(np.abs(np.array(colour) - wanted).max() for _, colour in colours) <= 8
    assert (tmp_path / "small.png").stat().st_size < (tmp_path / "as_it_was.png").stat().st_size / 2

"""The picture of the errors is drawn, also where there are more than fit or none."""

from pathlib import Path

import numpy as np
import pytest

from model.accuracy.drawing import DRAWN, draw_errors
from model.accuracy.seeds import Answers, Measured
from model.judge import Panel


@pytest.mark.parametrize("count", [0, 1, DRAWN + 3])
def test_errors_are_drawn(count: int, panel: Panel, tmp_path: Path) -> None:
    row = {"index": 3, "label": 3, "read": [5, 5], "together": 5, "wrong_by": 2, "label_known_wrong": True}
    nothing = Answers(np.zeros((0, 10)), np.zeros((0, 10)))
    measured = Measured({"recipe": "first", "seeds": [{}, {}], "errors": {"pictures": [row] * count}}, [], nothing)
    draw_errors(measured, panel, tmp_path / "errors.png")
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")

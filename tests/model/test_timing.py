"""A call is timed as often as asked, once warm, and nothing that tells of it needs torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.timing import WARM_UP, processor, timed

ROOT = Path(__file__).parents[2]


def test_every_call_has_the_pictures_asked_for_and_the_first_are_not_counted() -> None:
    seen: list[tuple[int, ...]] = []

    def logits(pixels: NDArray[np.uint8]) -> None:
        assert pixels.dtype == np.uint8
        seen.append(pixels.shape)

    told = timed(logits, 3, runs=30)
    assert seen == [(3, 28, 28)] * (WARM_UP + 30)
    assert (told["batch"], told["runs"]) == (3, 30)
    assert 0 < told["median_ms"] <= told["p95_ms"]


def test_a_device_without_torch_can_tell() -> None:
    script = "import sys; from model.timing import processor; assert processor(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    assert processor()

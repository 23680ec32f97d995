"""The photograph is one that people take: large, a JPEG, and of a digit that can be found."""

from pathlib import Path

import numpy as np
import pytest

from loadtests.bench.photograph import photograph
from loadtests.bench.workloads import PHOTOGRAPHS
from model.preprocess import canonicalise

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


@pytest.mark.parametrize("megapixels", PHOTOGRAPHS)
def test_the_digit_is_found_in_every_size(megapixels: int) -> None:
    with np.load(KNOWN) as known:
        picture = known["pixels"][0]
    found = canonicalise(photograph(picture, megapixels))
    assert found.width * found.height == pytest.approx(megapixels * 1e6, rel=0.001)
    assert (found.inverted, found.reasons) == (True, ())
    assert np.corrcoef(found.pixels.ravel(), picture.ravel())[0, 1] > 0.9

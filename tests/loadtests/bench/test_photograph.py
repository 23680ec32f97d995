"""The photograph is one that people take: large, a JPEG, and of a digit that can be found."""

from pathlib import Path

import numpy as np

from loadtests.bench.photograph import photograph
from model.preprocess import canonicalise

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


def test_the_digit_is_found_in_twelve_megapixels() -> None:
    with np.load(KNOWN) as known:
        picture = known["pixels"][0]
    found = canonicalise(photograph(picture))
    assert (found.width * found.height, found.inverted, found.reasons) == (12_000_000, True, ())
    assert np.corrcoef(found.pixels.ravel(), picture.ravel())[0, 1] > 0.9

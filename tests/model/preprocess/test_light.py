"""Paper is told from ink under any light."""

import numpy as np
import pytest

from model.preprocess import canonicalise_picture
from model.preprocess.light import find_paper
from tests.model.preprocess.pictures import DIGITS, difference, drawn, enlarged

PAGE = drawn(enlarged(DIGITS[58]))
Y, X = np.mgrid[-1 : 1 : PAGE.shape[0] * 1j, -1 : 1 : PAGE.shape[1] * 1j]
SHADES = {
    "even": np.ones(PAGE.shape),
    "slope": 0.85 + 0.15 * X,
    "steep slope": 0.75 + 0.25 * Y,
    "vignette": 1 - 0.25 * (X * X + Y * Y),
    "shadow with an edge": 1 - 0.4 / (1 + np.exp(-(X + 0.3) * 40)),
}


@pytest.mark.parametrize("shade", SHADES)
def test_uneven_light_is_flattened(shade: str) -> None:
    answer = canonicalise_picture((PAGE * SHADES[shade]).astype(np.uint8))
    assert answer.reasons == ()
    assert difference(answer.pixels, DIGITS[58]) < 10


@pytest.mark.parametrize("shade", SHADES)
def test_the_paper_is_what_it_would_be_without_the_ink(shade: str) -> None:
    paper = find_paper((PAGE * SHADES[shade]).astype(np.uint8))
    off = np.abs(paper.level - 225 * SHADES[shade])
    assert paper.dark
    assert np.percentile(off, 90) < 12


@pytest.mark.parametrize("thickness", [9, 12])
def test_a_frame_that_takes_most_of_the_border_is_not_the_paper(thickness: int) -> None:
    page = PAGE.copy()
    page[:thickness], page[-thickness:], page[:, :thickness], page[:, -thickness:] = 40, 40, 40, 40
    assert find_paper(page).dark


def test_noise_alone_is_paper() -> None:
    noisy = np.clip(np.random.default_rng(0).normal(200, 8, (300, 400)), 0, 255).astype(np.uint8)
    paper = find_paper(noisy)
    assert paper.bare.all()
    assert abs(float(paper.level.mean()) - 200) < 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 2), (3, 400)])
def test_any_shape_has_a_paper(shape: tuple[int, int]) -> None:
    assert find_paper(np.full(shape, 130, np.uint8)).level.shape == shape

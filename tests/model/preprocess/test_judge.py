"""What is not one digit is said to be so, in one of four words, and one digit is not doubted."""

import cv2
import numpy as np
import pytest

from model.preprocess import canonicalise, canonicalise_picture
from model.preprocess.judge import ragged, several
from model.preprocess.place import place
from tests.model.preprocess.degrade import exposed
from tests.model.preprocess.pictures import DIGITS, LABELS, cut, drawn, encoded, enlarged, pair

RNG = np.random.default_rng(7)
SHAPES = [(28, 28), (64, 90), (300, 300), (700, 500), (1500, 1500)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [0, 12, 128, 255])
def test_an_empty_page_is_blank(shape: tuple[int, int], level: int) -> None:
    page = np.full(shape, level, np.uint8)
    for answer in (canonicalise_picture(page), canonicalise(encoded(page, "JPEG"))):
        assert (answer.reasons, answer.box) == (("blank",), None)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_empty_page_in_uneven_light_is_blank(shape: tuple[int, int]) -> None:
    page = exposed(np.full(shape, 230, np.float32), np.random.default_rng(3), slope=0.3, noise=5)
    assert canonicalise_picture(page).reasons == ("blank",)


@pytest.mark.parametrize("shape", SHAPES)
def test_uniform_noise_is_noise(shape: tuple[int, int]) -> None:
    page = RNG.integers(0, 256, shape, dtype=np.uint8)
    for answer in (canonicalise_picture(page), canonicalise(encoded(page, "JPEG"))):
        assert answer.reasons == ("noise",)


@pytest.mark.parametrize("shape", SHAPES[1:])
@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("ground", [0, 128, 255])
def test_salt_and_pepper_is_noise(shape: tuple[int, int], density: float, ground: int) -> None:
    page = np.full(shape, ground, np.uint8)
    hit = RNG.random(shape) < density
    page[hit] = RNG.choice(np.array([0, 255], np.uint8), int(hit.sum()))
    assert canonicalise_picture(page).reasons == ("noise",)


@pytest.mark.parametrize("shape", SHAPES[:4])
@pytest.mark.parametrize("dark", [True, False])
def test_grains_so_dense_that_they_join_are_noise(shape: tuple[int, int], dark: bool) -> None:
    page = np.where(np.random.default_rng(11).random(shape) < 0.5, 255, 0).astype(np.uint8)
    assert canonicalise_picture(255 - page if dark else page).reasons == ("noise",)


@pytest.mark.parametrize("density", [0.4, 0.5, 0.6])
def test_noise_where_a_digit_belongs_is_noise(density: float) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 4:24] = np.where(np.random.default_rng(5).random((20, 20)) < density, 255, 0)
    assert ragged(pixels[4:24, 4:24])
    assert canonicalise_picture(pixels).reasons == ("noise",)


def test_a_breath_of_pencil_is_faint() -> None:
    page = exposed(drawn(enlarged(DIGITS[33]), paper=200, pen=186).astype(np.float32), np.random.default_rng(0), slope=0, noise=0.5)
    assert canonicalise_picture(page).reasons == ("faint",)


def test_ordinary_pencil_is_not() -> None:
    page = exposed(drawn(enlarged(DIGITS[33]), paper=220, pen=170).astype(np.float32), np.random.default_rng(0), slope=0.2, noise=3)
    assert canonicalise_picture(page).reasons == ()


PAIRS = [(i, (i * 37 + 11) % 100) for i in range(0, 100, 4)]


@pytest.mark.parametrize("gap", [1, 3, 8, 14])
def test_two_digits_side_by_side_are_several(gap: int) -> None:
    for first, second in PAIRS:
        both = pair(DIGITS[first], DIGITS[second], gap)
        assert canonicalise_picture(drawn(enlarged(both[:, :], 10))).reasons == ("several",) or gap == 1
        assert canonicalise_picture(place(cut(both))).reasons == ("several",) or gap == 1


def test_nearly_all_digits_that_touch_are_several() -> None:
    touching = [canonicalise_picture(place(cut(pair(DIGITS[a], DIGITS[b], 0)))).reasons for a, b in PAIRS]
    assert sum(reasons == ("several",) for reasons in touching) >= 0.85 * len(touching)


@pytest.mark.parametrize(("bar", "found"), [(3, False), (5, True), (8, True)])
def test_a_second_thing_counts_from_its_share_of_the_first(bar: int, found: bool) -> None:
    both = np.zeros((40, 28 + bar), np.uint8)
    both[:, :24], both[:, 28:] = 255, 255
    assert several(both) == found


def test_digits_far_apart_are_several() -> None:
    page = drawn(enlarged(DIGITS[20], 4), 500, 700)
    page[20:132, 20:132] = np.minimum(page[20:132, 20:132], drawn(enlarged(DIGITS[83], 4), 112, 112))
    assert canonicalise_picture(page).reasons == ("several",)


def test_one_above_the_other_is_several() -> None:
    both = pair(DIGITS[12], DIGITS[14], 3)
    upper, lower = cut(DIGITS[32]), cut(DIGITS[62])
    both = np.zeros((60, 40), np.uint8)
    both[4 : 4 + upper.shape[0], 8 : 8 + upper.shape[1]] = upper
    both[30 : 30 + lower.shape[0], 8 : 8 + lower.shape[1]] = lower
    assert canonicalise_picture(both).reasons == ("several",)


def test_known_digits_are_not_doubted() -> None:
    assert sum(canonicalise_picture(pixels).reasons != () for pixels in DIGITS) <= 1


def test_a_four_in_two_strokes_is_one() -> None:
    page = np.full((200, 200), 220, np.uint8)
    cv2.polylines(page, [np.array([(85, 60), (70, 110), (108, 112)], np.int32)], False, 30, 8)
    cv2.line(page, (122, 58), (116, 150), 30, 8)
    assert canonicalise_picture(page).reasons == ()
    assert set(LABELS) == set(range(10))

"""Pictures for load: new ones are new, popular ones are popular, other ones are other."""

import cv2
import numpy as np
import pytest

from loadtests.pictures import Unseen, inverted_and_thickened, png, thick_and_slanted, zipf

NUMBERED = np.arange(6 * 784, dtype=np.uint16).astype(np.uint8).reshape(6, 28, 28)


def test_no_picture_is_given_out_twice() -> None:
    unseen = Unseen(np.arange(6, dtype=np.uint8).repeat(784).reshape(6, 28, 28))
    given = [int(pixels[0, 0]) for pixels in unseen.take(4) + unseen.take(2)]
    assert sorted(given) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(StopIteration):
        unseen.take(1)


def test_a_png_has_the_pixels() -> None:
    read = cv2.imdecode(np.frombuffer(png(NUMBERED[2]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    np.testing.assert_array_equal(read, NUMBERED[2])


def test_the_first_of_a_catalogue_is_as_popular_as_zipf_says() -> None:
    counts = np.bincount(zipf(100_000, 600), minlength=600)
    assert counts[0] / counts[9] == pytest.approx(10**1.1, rel=0.1)
    assert counts.argmax() == 0


def test_a_thickened_picture_is_dark_on_light_with_a_wider_stroke() -> None:
    line = np.zeros((28, 28), np.uint8)
    line[5:23, 14] = 255
    other = inverted_and_thickened(line)
    assert other[0, 0] == 255
    assert ((other == 0).sum(axis=1)[6:22] == 3).all()


def test_a_slanted_picture_leans_to_the_right_by_its_angle_with_a_wider_stroke() -> None:
    line = np.zeros((28, 28), np.uint8)
    line[4:24, 13:15] = 255
    other = thick_and_slanted(line, 40.0) > 127
    top, bottom = (np.flatnonzero(other[row]) for row in (70, 140))
    assert top.mean() - bottom.mean() == pytest.approx(70 * np.tan(np.radians(40)), abs=2)
    assert len(bottom) > 8 + 4

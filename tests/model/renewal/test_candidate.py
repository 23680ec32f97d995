"""What a candidate is compared with while it serves is what it was trained for, in that proportion."""

import numpy as np
import pytest

from model.renewal.candidate import in_proportion


def test_labelled_pictures_count_as_often_as_training_drew_them() -> None:
    usual = in_proportion(5_000, 200, share=0.2)
    assert (usual >= 5_000).mean() == pytest.approx(0.2, abs=0.01)
    assert set(usual) == set(range(5_200))


def test_a_small_share_still_counts_each_once() -> None:
    assert np.array_equal(in_proportion(10, 5, share=0.01), np.arange(15))


def test_without_labelled_pictures_the_validation_pictures_are_what_is_usual() -> None:
    assert np.array_equal(in_proportion(10, 0, share=0.2), np.arange(10))

"""Every picture is held out once; by writer, no writer is on both sides; the shuffle is scikit-learn's."""

import numpy as np
import pytest

from model.articles.folds import picture_folds, writer_folds

WRITER = np.random.default_rng(0).integers(100, 131, 600).astype(np.uint16)


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
def test_every_picture_is_held_out_once(folds: int) -> None:
    for held_out in (picture_folds(603, folds, 1), writer_folds(np.resize(WRITER, 603), folds, 1)):
        assert len(held_out) == folds
        assert np.array_equal(np.sort(np.concatenate(held_out)), np.arange(603))


def test_the_shuffle_is_that_of_scikit_learn() -> None:
    """What `KFold(3, shuffle=True, random_state=1).split(range(10))` holds out."""
    assert [fold.tolist() for fold in picture_folds(10, 3, 1)] == [[2, 4, 6, 9], [0, 1, 3], [5, 7, 8]]


def test_by_writer_nobody_is_on_both_sides() -> None:
    for held_out in writer_folds(WRITER, 5, 1):
        others = np.setdiff1d(np.arange(len(WRITER)), held_out)
        assert not np.intersect1d(WRITER[held_out], WRITER[others]).size


def test_the_seed_draws_the_folds() -> None:
    assert np.array_equal(picture_folds(100, 5, 1)[0], picture_folds(100, 5, 1)[0])
    assert not np.array_equal(picture_folds(100, 5, 1)[0], picture_folds(100, 5, 2)[0])


@pytest.mark.parametrize("folds", [1, 601])
def test_folds_that_cannot_be_made_are_refused(folds: int) -> None:
    with pytest.raises(ValueError, match=f"{folds} folds cannot be made of 600 pictures"):
        picture_folds(600, folds, 1)
    with pytest.raises(ValueError, match="cannot be made of 31 writers"):
        writer_folds(WRITER, 32, 1)

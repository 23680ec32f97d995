"""The committed known digits: what they must be for a model to be judged by them at start, each second, and in the tests."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import model
from model.data import validation_indices
from model.inference import Classifier
from model.preprocess import canonicalise_picture, is_canonical

ROOM = Path(model.__file__).parent


@pytest.fixture(scope="module")
def known() -> dict[str, NDArray[np.uint8]]:
    with np.load(ROOM / "known" / "digits.npz") as stored:
        return dict(stored)


def test_they_are_ten_of_each_class_that_no_training_saw(known: dict[str, NDArray[np.uint8]]) -> None:
    assert np.bincount(known["labels"]).tolist() == [10] * 10
    assert set(known["indices"].tolist()) <= set(validation_indices().tolist())


def test_they_are_canonical_and_beyond_doubt(known: dict[str, NDArray[np.uint8]]) -> None:
    for pixels in known["pixels"]:
        assert is_canonical(pixels)
        assert canonicalise_picture(pixels).reasons == ()


def test_the_released_model_reads_them_right(known: dict[str, NDArray[np.uint8]]) -> None:
    assert (Classifier(ROOM / "released").logits(known["pixels"]).argmax(axis=1) == known["labels"]).all()


def test_the_sample_picture_is_one_of_them(known: dict[str, NDArray[np.uint8]]) -> None:
    sample = cv2.imread(str(ROOM / "known" / "7.png"), cv2.IMREAD_UNCHANGED)
    assert any((sample == pixels).all() for pixels in known["pixels"][known["labels"] == 7])

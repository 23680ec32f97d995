"""The committed known digits: what they must be for a model to be judged by them at start, each second, and in the tests."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import model
from model.data import Digits, validation_indices
from model.inference import Classifier, softmax
from model.known import EACH, SURE, pick_known
from model.limits import Limits
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


def test_the_released_model_reads_them_right_and_is_sure(known: dict[str, NDArray[np.uint8]]) -> None:
    probabilities = softmax(Classifier(ROOM / "released").logits(known["pixels"]))
    assert (probabilities[np.arange(len(known["labels"])), known["labels"]] > SURE).all()


def test_the_sample_picture_is_one_of_them(known: dict[str, NDArray[np.uint8]]) -> None:
    sample = cv2.imread(str(ROOM / "known" / "7.png"), cv2.IMREAD_UNCHANGED)
    assert any((sample == pixels).all() for pixels in known["pixels"][known["labels"] == 7])


@pytest.fixture
def validation(known: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch) -> Digits:
    """The known digits, each after a wrongly labelled copy, stand for the validation pictures."""
    pixels, labels = np.repeat(known["pixels"], 2, axis=0), np.repeat(known["labels"], 2)
    labels[::2] = (labels[::2] + 1) % 10
    digits = Digits(pixels, labels)
    monkeypatch.setattr("model.known.training_split", lambda folder: (digits, digits))
    return digits


@pytest.mark.usefixtures("validation")
def test_what_the_network_reads_otherwise_is_passed_over(known: dict[str, NDArray[np.uint8]], tmp_path: Path) -> None:
    assert pick_known(ROOM / "released", out=tmp_path) == 10 * EACH
    with np.load(tmp_path / "digits.npz") as picked:
        assert (picked["pixels"] == known["pixels"]).all()
        assert (picked["labels"] == known["labels"]).all()
        assert picked["indices"].tolist() == validation_indices()[1:200:2].tolist()
    sample = cv2.imread(str(tmp_path / "7.png"), cv2.IMREAD_UNCHANGED)
    assert (sample == known["pixels"][known["labels"] == 7][0]).all()


@pytest.mark.usefixtures("validation")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SURE", 1.0),
        ("read_limits", lambda released: Limits("energy", 40.0, 0.999, 0.01)),
        ("is_canonical", lambda pixels: False),
        ("canonicalise_picture", lambda pixels: SimpleNamespace(reasons=("several",))),
    ],
)
def test_what_is_doubted_is_passed_over(name: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"model.known.{name}", value)
    with pytest.raises(ValueError, match="only 0 validation pictures of the digit 0 are beyond doubt"):
        pick_known(ROOM / "released", out=tmp_path)

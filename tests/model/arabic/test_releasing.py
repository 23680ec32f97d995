"""What is released has the form of the committed networks, says its side, and carries known pictures of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.arabic.fitting import Fitted
from model.arabic.reading import Written
from model.arabic.recipe import CANDIDATES, CHOSEN, SERVED
from model.arabic.releasing import KNOWN_OF_EACH, release
from model.calibrate import COVERAGE
from model.data import Digits
from model.export import REFERENCE_FACTS, SERVING_FACTS
from model.network import build
from model.preprocess import is_canonical
from model.recipes import Recipe
from model.refused import Refused


@dataclass(frozen=True)
class Knowing(Fitted):
    """Reads every picture as it is labelled, by this logit, but for the first `wrong`."""

    wrong: int
    logit: float

    def logits(self, digits: Digits) -> NDArray[np.float32]:
        read = digits.labels.copy()
        read[: self.wrong] = (read[: self.wrong] + 1) % 10
        return np.float32(self.logit) * np.eye(10, dtype=np.float32)[read]


def knowing(wrong: int = 0, logit: float = 12.0) -> Callable[[Recipe, int, Digits, Path], Fitted]:
    def fit(recipe: Recipe, seed: int, training: Digits, folder: Path) -> Fitted:
        torch.manual_seed(seed)
        return Knowing(build(recipe.network).eval(), 2.0, 1.0, wrong, logit)

    return fit


@pytest.fixture(scope="module")
def released(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of networks that read one picture a fold wrong."""
    folder = tmp_path_factory.mktemp("released")
    release(CANDIDATES[CHOSEN], written, 3, 1, folder / "scratch", folder, knowing(wrong=1))
    return folder


def test_the_folder_holds_what_an_archive_is_made_of(released: Path) -> None:
    record, reference, ranges = (json.loads((released / f"{name}.json").read_text()) for name in ("release", "reference", "ranges"))
    assert set(SERVING_FACTS) <= set(record)
    assert (record["model"], record["side"], record["network"]) == ("arabic", 48, SERVED.network)
    assert set(REFERENCE_FACTS) <= set(reference)
    build(record["network"]).load_state_dict(torch.load(released / "weights.pt", weights_only=True))
    assert len(ranges["maxima"]) == 10


def test_it_is_calibrated_by_networks_that_never_saw_the_writer(released: Path) -> None:
    validation = json.loads((released / "release.json").read_text())["validation"]
    reference = json.loads((released / "reference.json").read_text())
    assert (validation["pictures"], validation["coverage"]) == (400, pytest.approx(1.0, abs=1 - COVERAGE))
    assert validation["temperature"] != 1
    assert sum(reference["validation"]["errors"]) == 3


def test_known_pictures_are_canonical_at_its_side_and_as_many_of_each_digit(released: Path) -> None:
    with np.load(released / "known.npz") as known:
        pixels, labels = known["pixels"], known["labels"]
    assert pixels.shape == (10 * KNOWN_OF_EACH, 48, 48)
    assert all(is_canonical(picture, 48) for picture in pixels)
    assert np.bincount(labels).tolist() == 10 * [KNOWN_OF_EACH]


def test_no_network_is_released_by_pictures_that_it_doubts(written: Written, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="only 0 pictures of the digit 0 are beyond doubt"):
        release(CANDIDATES[CHOSEN], written, 3, 1, tmp_path, tmp_path / "out", knowing(wrong=100, logit=0.5))
    assert not (tmp_path / "out").exists()

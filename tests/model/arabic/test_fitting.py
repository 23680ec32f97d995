"""A run that was cut off ends as one that was not, and a folder of another recipe's run is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.arabic.fitting import canonical, fit
from model.arabic.reading import Written
from model.arabic.recipe import CANDIDATES, CELLS, CHOSEN, recipe_for
from model.data import Digits
from model.preprocess import is_canonical
from model.refused import Refused

RECIPE = replace(recipe_for(CELLS[1], CANDIDATES[CHOSEN]), epochs=2)


@pytest.fixture(scope="module")
def training(written: Written) -> Digits:
    return Digits(written.pictures[:80], written.labels[:80])


def test_a_second_call_trains_nothing_and_gives_the_same_network(training: Digits, tmp_path: Path) -> None:
    first = fit(RECIPE, 1, training, tmp_path / "run")
    seen = (tmp_path / "run" / "checkpoint.pt").stat().st_mtime_ns
    second = fit(RECIPE, 1, training, tmp_path / "run")
    assert (tmp_path / "run" / "checkpoint.pt").stat().st_mtime_ns == seen
    assert np.array_equal(first.logits(training), second.logits(training))
    assert first.seconds == second.seconds > 0


def test_another_recipe_s_run_is_refused(training: Digits, tmp_path: Path) -> None:
    fit(replace(RECIPE, epochs=1), 1, training, tmp_path / "run")
    with pytest.raises(Refused, match="another recipe"):
        fit(RECIPE, 1, training, tmp_path / "run")


@pytest.mark.parametrize("side", [28, 48])
def test_pictures_are_made_canonical_at_the_side_that_is_asked_for(side: int, written: Written) -> None:
    pixels, doubts = canonical(written.pictures[:20], side)
    assert pixels.shape == (20, side, side)
    assert all(is_canonical(picture, side) for picture in pixels)
    assert len(doubts) == 20


def test_a_fitted_network_is_in_evaluation_mode(training: Digits, tmp_path: Path) -> None:
    network = fit(replace(RECIPE, epochs=1), 1, training, tmp_path / "run").network
    with torch.inference_mode():
        one = torch.from_numpy(training.pixels[:1])
        assert torch.equal(network(one), network(one))

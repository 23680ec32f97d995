"""Four cells of one recipe, which is the one that validation chose."""

import json

import pytest
import torch

from model.arabic.recipe import CANDIDATES, CELLS, CHOSEN, CHOSEN_ON, SERVED, Cell, recipe_for
from model.committed import EVIDENCE, RELEASED
from model.network import build


def test_either_shape_is_compared_at_either_side() -> None:
    assert {(cell.shape, cell.side) for cell in CELLS} == {(shape, side) for shape in ("released", "deeper") for side in (28, 48)}
    assert (SERVED.shape, SERVED.side) == ("deeper", 48)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.network)
def test_a_cell_s_network_takes_pictures_of_its_side(cell: Cell) -> None:
    assert build(cell.network).eval()(torch.zeros(2, cell.side, cell.side)).shape == (2, 10)


def test_the_cell_of_the_released_shape_is_what_is_released() -> None:
    release = json.loads((RELEASED / "release.json").read_text())
    assert release["network"] == next(cell.network for cell in CELLS if (cell.shape, cell.side) == ("released", 28))


def test_only_what_counts_in_pixels_grows_with_the_side() -> None:
    small, large = (recipe_for(cell, CANDIDATES[CHOSEN]).augmentation for cell in CELLS[1::2])
    assert large.shift_pixels / small.shift_pixels == large.elastic_pixels / small.elastic_pixels == 48 / 28
    assert (large.rotation_degrees, large.zoom) == (small.rotation_degrees, small.zoom)


def test_the_recipe_is_the_one_with_the_lowest_validation_loss() -> None:
    choice = json.loads((EVIDENCE / "arabic-choice.json").read_text())
    assert {row["name"] for row in choice["candidates"]} == set(CANDIDATES)
    assert min(choice["candidates"], key=lambda row: row["validation_loss"])["name"] == choice["chosen"] == CHOSEN
    assert choice["network"] == CHOSEN_ON.network

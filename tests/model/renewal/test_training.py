"""What is labelled is learnt and what was known is kept; a run goes on as if nothing had happened; a caller who lies changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model.data import Digits
from model.network import build
from model.renewal.agreement import agreed
from model.renewal.recipe import TUNED
from model.renewal.training import Material, Weights, between, lessons, named, retrain, weights_of
from model.renewal.weights import weigh
from model.train import measure
from tests.model.bars import bars
from tests.model.renewal.conftest import PLAN, World
from tests.model.renewal.records import record

NEW = bars(100, 5, lower=8)
"""Of another way of writing."""


def material(world: World, labelled: Digits, weight: float) -> Material:
    return Material(world.training, labelled, np.full(len(labelled), weight))


def accuracy(weights: Weights, digits: Digits) -> float:
    network = build("student")
    network.load_state_dict(weights)
    return measure(network, digits)[1]


def test_a_new_way_of_writing_is_learnt_and_the_old_one_kept(world: World, tmp_path: Path) -> None:
    before = weights_of(world.current)
    after = retrain(PLAN, 1, material(world, NEW, 2.0), world.current, world.validation, tmp_path).weights
    unseen = bars(200, 6, lower=8)
    assert accuracy(before, unseen) < 0.95
    assert accuracy(after, unseen) > accuracy(before, unseen) + 0.04
    assert accuracy(after, world.test) >= accuracy(before, world.test) - 0.005


def test_a_run_that_was_interrupted_ends_as_if_it_had_not_been(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, of, measured = replace(PLAN, draws=192), material(world, NEW, 2.0), 0
    whole = retrain(plan, 1, of, world.current, world.validation, tmp_path / "whole").weights

    def interrupted(network: nn.Module, digits: Digits) -> tuple[float, float]:
        nonlocal measured
        measured += 1
        if measured == 2:
            raise KeyboardInterrupt
        return measure(network, digits)

    monkeypatch.setattr("model.renewal.training.measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        retrain(plan, 1, of, world.current, world.validation, tmp_path / "parts")
    parts = retrain(plan, 1, of, world.current, world.validation, tmp_path / "parts").weights
    assert measured == 3, "the first epoch was not trained again"
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())


def test_what_is_drawn_follows_the_weights_and_the_seed(world: World) -> None:
    of = material(world, NEW, 1.6)
    assert of.share == pytest.approx(0.2)
    digits, labelled = of.drawn(2_000, seed=3)
    assert labelled.float().mean() == pytest.approx(0.2, abs=0.04)
    assert np.array_equal(of.drawn(2_000, seed=3)[0].pixels, digits.pixels)
    assert not np.array_equal(of.drawn(2_000, seed=4)[0].pixels, digits.pixels)


def test_labelled_pictures_are_taught_by_their_labels_and_others_by_what_serves(world: World) -> None:
    wrong = Digits(NEW.pixels, (NEW.labels + 1) % 10)
    lesson = lessons(PLAN, 1, material(world, wrong, 3.2), world.current)(0)
    _, labelled = material(world, wrong, 3.2).drawn(PLAN.draws, 10_000)
    assert lesson.teacher is not None
    assert torch.equal(lesson.teacher[labelled].argmax(1), lesson.labels[labelled])
    assert torch.allclose(lesson.teacher.exp().sum(1), torch.ones(PLAN.draws), atol=1e-4)


def test_a_caller_who_lies_about_one_digit_changes_nothing_unless_nobody_bounds_it(world: World, tmp_path: Path) -> None:
    """He sends hundreds of pictures of a 4 and says that each is a 9."""
    fours = world.training[np.flatnonzero(world.training.labels == 4)]
    noise = np.random.default_rng(0).integers(0, 60, (4, *fours.pixels.shape)).astype(np.uint8)
    flood = np.concatenate([np.where(fours.pixels == 255, fours.pixels, each) for each in noise])
    pictures, _ = agreed([record(pixels, 9, "liar") for pixels in flood])
    bounded = Material(world.training, pictures.digits, weigh(pictures, world.training))
    unbounded = Material(world.training, pictures.digits, np.full(len(pictures), 8.0))
    found = {}
    for name, of in (("bounded", bounded), ("unbounded", unbounded)):
        weights = retrain(PLAN, 1, of, world.current, world.validation, tmp_path / name).weights
        found[name] = accuracy(weights, world.test[np.flatnonzero(world.test.labels == 4)])
    assert found["bounded"] > 0.95
    assert found["unbounded"] < 0.5


def test_half_of_the_way_is_the_mean_of_the_weights() -> None:
    one, other = {"a": torch.zeros(2), "n": torch.tensor(3)}, {"a": torch.ones(2), "n": torch.tensor(5)}
    mixed = between(one, other, 0.5)
    assert mixed["a"].tolist() == [0.5, 0.5]
    assert mixed["n"] == 5


def test_a_run_is_named_by_its_length_its_records_and_what_it_began_with() -> None:
    shorter = replace(TUNED, draws=640, recipe=replace(TUNED.recipe, epochs=2))
    assert named(shorter, "ab" * 32, "0123456789ab").recipe.name == "renewal-2x640-abababab-01234567"


def test_another_shape_than_the_current_one_cannot_be_begun_with(world: World, tmp_path: Path) -> None:
    other = replace(PLAN, recipe=replace(PLAN.recipe, network="residual-pooled"))
    with pytest.raises(ValueError, match="the current network is not a residual-pooled"):
        retrain(other, 1, material(world, NEW, 1.0), world.current, world.validation, tmp_path)

"""Training learns, can be interrupted without a trace, goes back to its best epoch, and says what acted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model.augment import Augmentation
from model.committed import RELEASED
from model.data import Digits
from model.history import History
from model.network import build
from model.recipes import ARTICLE, RELEASED_NETWORK, Cosine, Distillation, Plateau, Recipe, SpoiltRecipe
from model.spoiling import Spoiling
from model.train import logits_of, measure, train, train_recipe
from tests.model.bars import bars

PICTURES = 256


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


TRAINING, VALIDATION = bars(PICTURES, 0), bars(64, 1)
QUICK = replace(ARTICLE, epochs=2, dropouts=(0.2,), batch_size=64, augmentation=Augmentation(shift_pixels=0.5))
AVERAGED = replace(
    QUICK,
    name="averaged",
    optimizer="adamw",
    schedule=Cosine(),
    ema_decay=0.9,
    precision="bfloat16",
    network="residual-pooled",
)
SPOILT = SpoiltRecipe(
    **{**vars(AVERAGED), "name": "spoilt", "network": "residual-deep", "epochs": 1, "batch_size": 16},
    spoilt=1.0,
    spoiling=Spoiling(grain=1.0),
    begin=RELEASED_NETWORK,
)
HOPELESS = replace(QUICK, network="article-as-drawn", epochs=25, augmentation=Augmentation())
FEW, NINES = Digits(TRAINING.pixels[:64], TRAINING.labels[:64] % 5), Digits(VALIDATION.pixels[:16], np.full(16, 9, np.uint8))
"""Whoever learns from `FEW` unlearns from the first epoch on that there are `NINES`; no running statistics need epochs to settle first."""


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(folder / "weights.pt", weights_only=True)
    return loaded


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def test_the_loss_falls_and_the_history_says_so(tmp_path: Path) -> None:
    run = train(replace(QUICK, epochs=3), 1, 0.2, TRAINING, VALIDATION, tmp_path)
    losses = [epoch["training_loss_running"] for epoch in run.history.epochs]
    assert losses[2] < losses[1] < losses[0]
    written = json.loads((tmp_path / "history.json").read_text())
    assert len(written["epochs"]) == 3
    assert written["recipe"]["name"] == "article"


@pytest.mark.parametrize("recipe", [QUICK, AVERAGED], ids=lambda recipe: recipe.name)
def test_a_resumed_run_is_the_uninterrupted_run_bit_for_bit(tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    train(recipe, 1, 0.2, TRAINING, VALIDATION, tmp_path / "whole")
    measured = 0

    def interrupted(network: nn.Module, digits: Digits, device: str) -> tuple[float, float]:
        nonlocal measured
        measured += 1
        if measured == 2:
            raise KeyboardInterrupt
        return measure(network, digits, device)

    monkeypatch.setattr("model.train.measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, 1, 0.2, TRAINING, VALIDATION, tmp_path / "parts")
    assert len(json.loads((tmp_path / "parts" / "history.json").read_text())["epochs"]) == 1
    train(recipe, 1, 0.2, TRAINING, VALIDATION, tmp_path / "parts")
    assert same(weights_in(tmp_path / "whole"), weights_in(tmp_path / "parts"))


def test_a_run_begins_with_the_released_network_where_its_recipe_says_so(tmp_path: Path) -> None:
    still = replace(SPOILT, learning_rate=0.0)
    train(still, 1, 0.2, FEW, FEW, tmp_path)
    released = torch.load(RELEASED / "weights.pt", weights_only=True)
    assert all(
        torch.equal(value, released[name]) for name, value in weights_in(tmp_path).items() if name.endswith(("convolution.weight", "bias"))
    )


def test_a_run_that_cannot_begin_with_the_released_network_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds another kind of network"):
        train(replace(SPOILT, network="student"), 1, 0.2, FEW, FEW, tmp_path)


def test_pictures_are_spoilt_after_the_teacher_has_spoken_of_them(tmp_path: Path) -> None:
    taught = replace(SPOILT, learning_rate=0.0, distillation=Distillation(RELEASED_NETWORK, (), weight=1.0, views=1))
    spoilt = train(taught, 1, 0.0, FEW, FEW, tmp_path / "spoilt" / "run").history
    clean = train(replace(taught, spoilt=0.0), 1, 0.0, FEW, FEW, tmp_path / "clean" / "run").history
    heard, clean_heard = (next((tmp_path / name).glob("released-views-*/000.npz")) for name in ("spoilt", "clean"))
    with np.load(heard) as one, np.load(clean_heard) as other:
        assert np.array_equal(one["pixels"], other["pixels"])
        assert np.array_equal(one["log_probabilities"], other["log_probabilities"])
    assert spoilt.epochs[0]["training_loss_running"] > 1.5 * clean.epochs[0]["training_loss_running"]


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(tmp_path: Path) -> None:
    once = replace(QUICK, epochs=1)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(once, seed, 0.2, TRAINING, VALIDATION, tmp_path / folder)
    assert same(weights_in(tmp_path / "a"), weights_in(tmp_path / "b"))
    assert not same(weights_in(tmp_path / "a"), weights_in(tmp_path / "c"))


def test_a_folder_with_another_recipe_s_run_is_refused(tmp_path: Path) -> None:
    train(replace(QUICK, epochs=1), 1, 0.2, TRAINING, VALIDATION, tmp_path)
    with pytest.raises(ValueError, match="another recipe"):
        train(replace(QUICK, epochs=1, learning_rate=2e-3), 1, 0.2, TRAINING, VALIDATION, tmp_path)


def test_schedule_and_stopping_act_when_validation_loss_only_rises(tmp_path: Path) -> None:
    run = train(HOPELESS, 1, 0.2, FEW, NINES, tmp_path)
    assert run.history.best_epoch == 1
    assert run.history.rate_halved_after == [4]
    assert run.history.stopped_early_after == 6
    assert len(run.history.epochs) == 6


def test_stopping_early_restores_the_best_epoch(tmp_path: Path) -> None:
    stopped = train(HOPELESS, 1, 0.2, FEW, NINES, tmp_path / "stopped")
    best = train(replace(HOPELESS, epochs=1), 1, 0.2, FEW, NINES, tmp_path / "best")
    assert same(stopped.network.state_dict(), best.network.state_dict())
    assert stopped.validation_loss == best.validation_loss < stopped.history.epochs[-1]["validation_loss"]


def test_the_history_says_when_neither_acted(tmp_path: Path) -> None:
    run = train(QUICK, 1, 0.2, TRAINING, VALIDATION, tmp_path)
    assert run.history.rate_halved_after == []
    assert run.history.stopped_early_after is None


def test_of_several_dropouts_the_lowest_validation_loss_is_kept(tmp_path: Path) -> None:
    run = train_recipe(replace(QUICK, epochs=1, dropouts=(0.2, 0.5)), 1, TRAINING, VALIDATION, tmp_path)
    losses = {
        history["dropout"]: history["epochs"][-1]["validation_loss"]
        for history in (json.loads(path.read_text()) for path in tmp_path.glob("*/history.json"))
    }
    assert set(losses) == {0.2, 0.5}
    assert run.history.dropout == min(losses, key=losses.__getitem__)


def test_measuring_is_in_evaluation_mode_and_in_nats() -> None:
    network = build("article").train()
    loss, accuracy = measure(network, VALIDATION)
    assert (loss, accuracy) == measure(network, VALIDATION)
    assert not network.training
    assert 2 < loss < 3
    assert logits_of(network, VALIDATION).shape == (64, 10)


def test_plateau_is_the_article_s_three_and_five() -> None:
    assert Plateau() == Plateau(epochs=3, factor=0.5, stop_after=5)


def test_whoever_watches_is_told_after_every_epoch_and_of_what_there_was_before(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def watch(folder: Path, history: History) -> None:
        told.append((folder.name, len(history.epochs)))

    for _ in range(2):
        train_recipe(QUICK, 1, TRAINING, VALIDATION, tmp_path, watch=watch)
    assert told == [("article-dropout0.2-seed1", epochs) for epochs in (1, 2, 2)]

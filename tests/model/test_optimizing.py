"""Rates and decays are those that a recipe names, where it names them."""

from dataclasses import replace

import pytest
import torch

from model.network import build
from model.optimizing import cosine_factor, optimizer_for, plateau_for
from model.recipes import ARTICLE


def test_the_rate_halves_after_exactly_three_epochs_without_improvement() -> None:
    optimizer = optimizer_for(ARTICLE, build("article"))
    schedule = plateau_for(ARTICLE, optimizer)
    assert schedule is not None
    rates = []
    for loss in (1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.7):
        schedule.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [1e-3] * 4 + [5e-4] * 5


def test_the_article_s_weight_decay_is_l2_in_adam_on_every_weight() -> None:
    network = build("article")
    optimizer = optimizer_for(ARTICLE, network)
    assert type(optimizer) is torch.optim.Adam
    (group,) = optimizer.param_groups
    assert group["weight_decay"] == 1e-4
    assert not group["decoupled_weight_decay"]
    assert len(group["params"]) == len(list(network.parameters()))


def test_decoupled_decay_spares_biases_and_normalisation() -> None:
    optimizer = optimizer_for(replace(ARTICLE, optimizer="adamw", weight_decay=0.02), build("article"))
    assert type(optimizer) is torch.optim.AdamW
    for group in optimizer.param_groups:
        assert {parameter.ndim > 1 for parameter in group["params"]} == {group["weight_decay"] > 0}


def test_cosine_rises_to_one_and_falls_to_nought() -> None:
    assert [cosine_factor(progress, 0.1) for progress in (0, 0.05, 0.1, 1)] == pytest.approx([0, 0.5, 1, 0])

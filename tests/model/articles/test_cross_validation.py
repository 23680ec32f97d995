"""A fold is read by a network that never saw it, except where the published protocol is done again; the result says which."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.articles.cross_validation import Plan, Protocol, cross_validate, fixed
from model.articles.folds import picture_folds
from model.data import Digits
from model.recipes import ARTICLE, DENSE512, RELEASE
from model.splitting import Writers

N = 120


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def noise() -> Digits:
    """Labels that nothing in the pictures tells: whoever reads them has learnt them by heart."""
    rng = np.random.default_rng(0)
    return Digits(rng.integers(0, 256, (N, 28, 28), np.uint8), rng.integers(0, 10, N).astype(np.uint8))


WRITERS = Writers(np.repeat(np.arange(12), 10).astype(np.uint16), np.zeros(N, np.uint8))


def plan(protocol: Protocol, folds: int = 3) -> Plan:
    return Plan(replace(DENSE512, epochs=25, batch_size=16, optimizer="adam"), protocol, folds, 1)


def test_a_fresh_network_reads_noise_by_chance_and_the_published_protocol_claims_to_read_it(noise: Digits, tmp_path: Path) -> None:
    right = cross_validate(plan("pictures"), noise, WRITERS, tmp_path)
    published = cross_validate(plan("published"), noise, WRITERS, tmp_path)
    assert right["accuracy"]["mean"] < 0.3
    assert published["accuracy"]["mean"] > 0.9
    assert {fold["test_pictures_seen_before"] for fold in right["folds"]} == {0}
    assert {fold["test_pictures_seen_before"] for fold in published["folds"]} == {40}
    assert right["fitted_before"] is None
    assert len(published["fitted_before"]) == 25


def test_what_is_held_out_is_what_is_measured(noise: Digits, tmp_path: Path) -> None:
    result = cross_validate(plan("pictures"), noise, WRITERS, tmp_path)
    for fold, held_out in zip(result["folds"], picture_folds(N, 3, 1), strict=True):
        assert (fold["test_n"], fold["training_n"]) == (len(held_out), N - len(held_out))
        assert fold["accuracy"] == fold["epochs"][-1]["test_accuracy"]
        assert len(fold["epochs"]) == 25
    accuracies = [fold["accuracy"] for fold in result["folds"]]
    assert result["accuracy"]["mean"] == pytest.approx(np.mean(accuracies))
    assert (result["accuracy"]["ddof"], result["accuracy"]["sd"]) == (1, pytest.approx(np.std(accuracies, ddof=1)))
    assert result["accuracy"]["sd_ddof_0"] == pytest.approx(np.std(accuracies))


def test_by_writer_no_writer_is_on_both_sides_and_by_picture_many_are(noise: Digits, tmp_path: Path) -> None:
    quick = [replace(plan(protocol), recipe=replace(DENSE512, epochs=1, batch_size=16)) for protocol in ("pictures", "writers")]
    pictures, writers = (cross_validate(each, noise, WRITERS, tmp_path) for each in quick)
    assert all(fold["writers_on_both_sides"] > 0 for fold in pictures["folds"])
    assert all(fold["writers_on_both_sides"] == 0 for fold in writers["folds"])


def test_epochs_that_are_done_are_not_done_again(noise: Digits, tmp_path: Path) -> None:
    for protocol in ("pictures", "published"):
        quick = replace(plan(protocol), recipe=replace(DENSE512, epochs=2, batch_size=16))
        assert cross_validate(quick, noise, WRITERS, tmp_path) == cross_validate(quick, noise, WRITERS, tmp_path)


def test_the_last_batch_of_an_epoch_is_learnt_from_too(noise: Digits, tmp_path: Path) -> None:
    """80 pictures and a batch of 64: without the last batch, the running mean would be of 64 and no multiple of an eightieth."""
    one = Plan(replace(DENSE512, epochs=1, batch_size=64), "pictures", 3, 1)
    for fold in cross_validate(one, noise, WRITERS, tmp_path)["folds"]:
        right = fold["epochs"][0]["training_accuracy_running"] * 80
        assert right == pytest.approx(round(right))


def test_nothing_listens_to_a_held_out_fold_and_no_teacher_has_seen_it() -> None:
    assert fixed(ARTICLE).schedule is None
    assert fixed(ARTICLE).dropouts == (0.5,)
    with pytest.raises(ValueError, match="taught by networks that have seen every fold"):
        fixed(RELEASE)

"""A picture withstands what it withstands every time; what is dear is tried on no more than what is left."""

import pytest
import torch
from torch import Tensor, nn

from model.adversarial.attacks import OutOfBounds
from model.adversarial.measuring import Attempt, Subject, strongest_harmless, unattacked, withstood

N = 10
PICTURES = torch.linspace(0, 0.9, N).view(N, 1, 1, 1).expand(N, 1, 28, 28).clone()
"""Each of its own grey, so that whoever moves one is known by it."""
LABELS = torch.arange(N)


class Grey(nn.Module):
    """Reads the digit that the grey stands for, and picture 3 wrong; whatever has a white corner is read as another digit."""

    def forward(self, images: Tensor) -> Tensor:
        digits = (images[:, 0, 14, 14] * 10).round().long()
        digits[digits == 3] = 8
        spoilt = images[:, 0, 0, 0] > images[:, 0, 14, 14] + 0.05
        return nn.functional.one_hot(torch.where(spoilt, (digits + 1) % 10, digits), 10).float()


class Spoiling:
    """Deceives about the pictures named, and remembers how many it was shown."""

    def __init__(self, *spoilt: int) -> None:
        self.spoilt, self.shown = spoilt, list[int]()

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        self.shown.append(len(images))
        moved = images.clone()
        for place, label in enumerate(labels.tolist()):
            if label in self.spoilt:
                moved[place, 0, 0, 0] += epsilon
        return moved


def subject(*attempts: tuple[Spoiling, bool]) -> Subject:
    named = [Attempt(f"attack {place}", attack, Grey(), finishing) for place, (attack, finishing) in enumerate(attempts)]
    return Subject("grey", Grey(), tuple(named), ("grey",))


def test_an_attack_is_charged_with_what_it_deceived_about_and_what_was_wrong_before() -> None:
    told = withstood(subject((Spoiling(1, 2), False)), PICTURES, LABELS, 0.1, seed=0)
    assert told["attacks"][0]["errors"] == 3
    assert told["attacks"][0]["n"] == N


def test_who_makes_a_wrong_picture_right_has_not_withstood() -> None:
    def mending(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        moved = images.clone()
        moved[3, 0, 14, 14] -= epsilon
        moved[3, 0, 0, 0] += epsilon
        assert Grey()(moved).argmax(1)[3] == labels[3]
        return moved

    told = withstood(Subject("grey", Grey(), (Attempt("mending", mending, Grey()),), ()), PICTURES, LABELS, 0.1, seed=0)
    assert told["attacks"][0]["errors"] == told["all_together"]["errors"] == 1


def test_all_together_leave_what_none_of_them_took() -> None:
    told = withstood(subject((Spoiling(1, 2), False), (Spoiling(2, 4), False)), PICTURES, LABELS, 0.1, seed=0)
    assert [row["errors"] for row in told["attacks"]] == [3, 3]
    assert told["all_together"]["errors"] == 4
    assert told["all_together"]["accuracy"] == 0.6
    low, high = told["all_together"]["interval"]
    assert low < 0.6 < high


def test_a_finishing_attack_meets_only_what_is_left() -> None:
    last = Spoiling(5)
    told = withstood(subject((Spoiling(1, 2), False), (last, True)), PICTURES, LABELS, 0.1, seed=0)
    assert last.shown == [7]
    assert told["attacks"][1]["attacked"] == 7
    assert told["all_together"]["errors"] == told["attacks"][1]["errors"] == 4


def test_nothing_left_is_not_attacked() -> None:
    last = Spoiling()
    told = withstood(subject((Spoiling(*range(N)), False), (last, True)), PICTURES, LABELS, 0.1, seed=0)
    assert last.shown == []
    assert told["all_together"]["errors"] == N


def test_an_attack_that_breaks_its_bounds_is_not_counted() -> None:
    def far(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        return images + 2 * epsilon

    with pytest.raises(OutOfBounds):
        withstood(Subject("grey", Grey(), (Attempt("far", far, Grey()),), ()), PICTURES, LABELS, 0.01, seed=0)


class Dimming(nn.Module):
    """Wrong about as many pictures as its strength says."""

    def __init__(self, wrong: float) -> None:
        super().__init__()
        self.wrong = int(wrong)

    def forward(self, images: Tensor) -> Tensor:
        digits = (images[:, 0, 14, 14] * 10).round().long()
        return nn.functional.one_hot(torch.where(digits < self.wrong, 9, digits), 10).float()


def test_the_noise_is_as_strong_as_costs_nearly_nothing() -> None:
    chosen, rows = strongest_harmless(Dimming, (1.0, 2.0, 3.0), PICTURES, LABELS, loss=0.2)
    assert chosen == 2.0
    assert [row["errors"] for row in rows] == [0, 1, 2, 3]
    assert [row["sigma"] for row in rows] == [0.0, 1.0, 2.0, 3.0]


def test_accuracy_on_pictures_as_they_are() -> None:
    assert unattacked(Grey(), PICTURES, LABELS, seed=0)["errors"] == 1

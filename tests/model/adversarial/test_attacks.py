"""Attacks keep within bounds or count for nothing; where their libraries are missing, one line says what brings them."""

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.adversarial.attacks import LIBRARIES, Attack, OutOfBounds, auto_attack, check_libraries, fgsm, pgd, within
from model.refused import Refused

ROOT = Path(__file__).parents[3]
EPSILON = 0.1


class Slope(nn.Module):
    """Digit 0 by the brightness of the picture, digit 1 by nothing: it is darkened who deceives."""

    def forward(self, images: Tensor) -> Tensor:
        brightness = images.mean((1, 2, 3))
        return torch.stack([20 * (brightness - 0.45), *[torch.zeros_like(brightness)] * 9], dim=1)


@pytest.fixture
def images() -> Tensor:
    return torch.full((4, 1, 28, 28), 0.5)


def test_an_attack_within_its_bounds_passes(images: Tensor) -> None:
    checked = within(lambda network, images, labels, epsilon: images + epsilon)
    assert torch.allclose(checked(Slope(), images, torch.zeros(4, dtype=torch.long), EPSILON), images + EPSILON)


@pytest.mark.parametrize("move", [0.11, 0.6, float("nan")], ids=["too far", "out of range", "no number"])
def test_an_attack_out_of_its_bounds_is_refused(images: Tensor, move: float) -> None:
    with pytest.raises(OutOfBounds) as refused:
        within(lambda network, images, labels, epsilon: images + move)(Slope(), images, torch.zeros(4, dtype=torch.long), EPSILON)
    assert isinstance(refused.value, Refused)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("missing", ["art.attacks.evasion", "pyautoattack"])
def test_a_missing_library_is_one_line_with_its_cure(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, "art.attacks.evasion", sys)
    monkeypatch.setitem(sys.modules, "pyautoattack", sys)
    check_libraries()
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(Refused) as refused:
        check_libraries()
    assert f"pip install {' '.join(LIBRARIES)}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_extra_brings_what_the_line_names() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [wanted.split(">=")[0] for wanted in extras["robustness"]] == list(LIBRARIES)


@pytest.mark.extra
@pytest.mark.parametrize("attack", [fgsm, pgd, auto_attack], ids=["fgsm", "pgd", "autoattack"])
def test_an_attack_finds_what_there_is_to_find(images: Tensor, attack: Attack) -> None:
    check_libraries()
    network, labels = Slope(), torch.zeros(4, dtype=torch.long)
    moved = within(attack)(network, images, labels, EPSILON)
    assert (network(images).argmax(1) == 0).all()
    assert (network(moved).argmax(1) != 0).all()


@pytest.mark.extra
def test_an_attack_follows_the_seed_and_leaves_the_generators_alone(images: Tensor) -> None:
    check_libraries()
    network, labels, made = Slope(), torch.zeros(4, dtype=torch.long), []
    for unrelated in (1, 2):
        np.random.seed(unrelated)
        drawn = np.random.RandomState(unrelated).uniform()
        torch.manual_seed(0)
        made.append(pgd(network, images, labels, EPSILON))
        assert np.random.uniform() == drawn
    assert torch.equal(made[0], made[1])

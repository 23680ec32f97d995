"""Everything is measured once; what was measured is taken again only for the same weights, pictures and attacks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.adversarial import subjects as room
from model.adversarial.attacks import Attack
from model.adversarial.measuring import EPSILONS, Attempt, Subject
from model.adversarial.networks import Noisy, Reading
from model.adversarial.results import SIGMAS, Sample, chosen_noise, measured, served
from model.adversarial.subjects import DISTILLED, HARDENED, NOISY, PLAIN, RELEASED, Networks, subjects
from model.data import Digits
from model.evaluate import write_json
from model.network import build

NOISE = {"sigma": 0.1}
WEIGHTS = {RELEASED: "aa", PLAIN: "bb", DISTILLED: "cc", HARDENED: "dd"}
TEST = Digits(np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype(np.uint8), (np.arange(30) % 10).astype(np.uint8))
SAMPLE = Sample(pictures=20, noisy_pictures=5, seed=1)


@pytest.fixture
def networks() -> Networks:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return Networks(build("strided"), {name: build("strided") for name in (PLAIN, DISTILLED, HARDENED)})


class Counting:
    """Moves nothing, and counts how often it was asked."""

    asked = 0

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        self.asked += 1
        return images.clone()


class Interrupted:
    """Is ended while it attacks."""

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        raise KeyboardInterrupt


def unheard(network: str, accuracy: float) -> None:
    """Notes nothing."""


def tried(networks: Networks, attack: Attack) -> tuple[Subject, ...]:
    reading = Reading(networks.released)
    return (
        Subject(RELEASED, reading, (Attempt("nothing", attack, reading),), (RELEASED,)),
        Subject(NOISY, Noisy(reading, 0.1, 3), (Attempt("nothing", attack, reading),), (RELEASED, PLAIN)),
    )


def test_a_result_says_how_many_pictures_of_which_seed(networks: Networks, tmp_path: Path) -> None:
    told = measured(lambda sigma: tried(networks, Counting()), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    assert told["seed"] == 1
    assert [(row["network"], row["n"], row["test_set"]["n"]) for row in told["results"]] == [(RELEASED, 20, 30), (NOISY, 5, 30)]
    assert [cell["epsilon"] for cell in told["results"][0]["epsilons"]] == list(EPSILONS)
    write_json(told, tmp_path / "told.json")
    assert json.loads((tmp_path / "told.json").read_text())["results"]


def test_what_was_measured_is_not_measured_again(networks: Networks, tmp_path: Path) -> None:
    attack = Counting()
    first = measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    asked = attack.asked
    again = measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    assert attack.asked == asked == 2 * len(EPSILONS)
    assert again["results"][0]["epsilons"] == first["results"][0]["epsilons"]


def test_other_weights_are_measured_anew_and_they_alone(networks: Networks, tmp_path: Path) -> None:
    attack = Counting()
    measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    asked = attack.asked
    measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, {**WEIGHTS, PLAIN: "ee"}, unheard)
    assert attack.asked == asked + len(EPSILONS)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("PGD_STEPS", 41),
        ("PGD_STEP", 0.5),
        ("ANSWERING_DRAWS", 21),
        ("ATTACKED_DRAWS", 11),
        ("libraries", lambda: {"adversarial-robustness-toolbox": "0.0"}),
    ],
)
def test_what_was_attacked_otherwise_or_by_other_libraries_is_measured_anew(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: Any
) -> None:
    attack = Counting()
    measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    asked = attack.asked
    monkeypatch.setattr(room, name, other)
    measured(lambda sigma: tried(networks, attack), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, unheard)
    assert attack.asked == 2 * asked


def test_a_reading_of_the_test_set_is_noted_though_the_attacks_never_end(networks: Networks, tmp_path: Path) -> None:
    noted: list[tuple[str, float]] = []

    def note(network: str, accuracy: float) -> None:
        noted.append((network, accuracy))

    with pytest.raises(KeyboardInterrupt):
        measured(lambda sigma: tried(networks, Interrupted()), networks, NOISE, TEST, SAMPLE, tmp_path, WEIGHTS, note)
    assert [network for network, _ in noted] == [RELEASED, NOISY]
    assert all(0 <= accuracy <= 1 for _, accuracy in noted)


def test_noise_is_served_with_one_draw(networks: Networks) -> None:
    released, noisy = tried(networks, Counting())
    assert served(released, 0.1) is released.reading
    once = served(noisy, 0.1)
    assert isinstance(once, Noisy)
    assert (once.draws, once.sigma) == (1, 0.1)


def test_the_noise_is_chosen_by_validation_pictures(networks: Networks) -> None:
    chosen = chosen_noise(networks.released, TEST)
    assert chosen["sigma"] in (0.0, *SIGMAS)
    assert [row["sigma"] for row in chosen["validation"]] == [0.0, *SIGMAS]
    assert all(row["n"] == len(TEST) for row in chosen["validation"])


def test_every_defence_is_attacked_by_who_knows_it_and_last_by_autoattack(networks: Networks) -> None:
    made = {subject.name: subject for subject in subjects(networks, 0.1)}
    assert list(made) == [RELEASED, NOISY, PLAIN, DISTILLED, HARDENED]
    for subject in made.values():
        assert [attempt.finishing for attempt in subject.attempts].index(True) == len(subject.attempts) - 1
        assert {"FGSM", "PGD"} <= {attempt.name for attempt in subject.attempts}
    averaged = next(attempt.against for attempt in made[NOISY].attempts if "mean" in attempt.name)
    assert isinstance(averaged, Noisy)
    assert averaged.draws > 1
    cooled = [attempt.against for attempt in made[DISTILLED].attempts if "temperature" in attempt.name]
    assert [isinstance(reading, Reading) and reading.temperature > 1 for reading in cooled] == [True, True]

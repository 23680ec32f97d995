"""One results file of every network under every attack. What was measured once is kept until it is written, and not measured again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from model.adversarial.measuring import EPSILONS, Subject, strongest_harmless, unattacked, withstood
from model.adversarial.networks import Noisy, Reading, without_gradient
from model.adversarial.subjects import ANSWERING_DRAWS, DISTILLED, NOISY, PLAIN, Networks, conditions, libraries
from model.adversarial.training import Lesson
from model.data import Digits
from model.network import parameter_count
from model.recipes import DEFENSIVE_TEMPERATURE

SIGMAS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3)
SIGMA_LOSS = 0.005
"""The noise is as strong as costs no more accuracy than this on validation pictures, one draw each."""


@dataclass(frozen=True)
class Sample:
    """How many of the test set are attacked, drawn by the seed; of these the first `noisy_pictures` meet the network behind noise."""

    pictures: int
    noisy_pictures: int
    seed: int

    def of(self, subject: str) -> int:
        return self.noisy_pictures if subject == NOISY else self.pictures


def chosen_noise(released: nn.Module, validation: Digits) -> dict[str, Any]:
    """The noise's sigma and what it was chosen by."""
    reading = Reading(released)
    sigma, rows = strongest_harmless(lambda sigma: Noisy(reading, sigma), SIGMAS, *as_tensors(validation), SIGMA_LOSS)
    return {"sigma": sigma, "loss_allowed": SIGMA_LOSS, "validation": rows, "answering_draws": ANSWERING_DRAWS}


def measured(
    made: Callable[[float], tuple[Subject, ...]],
    networks: Networks,
    noise: dict[str, Any],
    test: Digits,
    sample: Sample,
    scratch: Path,
    weights: dict[str, str],
    note: Callable[[str, float], None],
) -> dict[str, Any]:
    """Everything but where it comes from. `made`: the subjects, from the noise's sigma; `weights`: their digests, by which `scratch`
    knows what is done.

    The whole test set is read first, and `note` told of each subject's accuracy on it (0..1): a run that ends early has read it as well.
    """
    drawn = np.random.default_rng(sample.seed).permutation(len(test))
    images, labels = as_tensors(test[drawn[: sample.pictures]])
    everything = as_tensors(test)
    rows: list[dict[str, Any]] = []
    tried = [(subject, unattacked(served(subject, noise["sigma"]), *everything, sample.seed)) for subject in made(noise["sigma"])]
    for subject, whole in tried:
        note(subject.name, whole["accuracy"])
    for subject, whole in tried:
        n = min(sample.of(subject.name), len(labels))
        asked = {
            "weights": [weights[name] for name in subject.trained],
            "sigma": noise["sigma"],
            "n": n,
            "seed": sample.seed,
            "attacks": [attempt.name for attempt in subject.attempts],
            **conditions(),
        }
        rows.append(
            {
                "network": subject.name,
                "n": n,
                "unattacked": unattacked(subject.reading, images[:n], labels[:n], sample.seed),
                "epsilons": [_cell(subject, images[:n], labels[:n], epsilon, asked, scratch) for epsilon in EPSILONS],
                "test_set": whole,
            }
        )
    distilled = networks.small[DISTILLED]
    return {
        "norm": "L-infinity, of pixels in 0..1",
        "seed": sample.seed,
        "libraries": libraries(),
        "noise": noise,
        "distillation": {
            "temperature": DEFENSIVE_TEMPERATURE,
            "n": len(labels),
            "without_gradient": without_gradient(Reading(distilled), images, labels),
            "without_gradient_at_the_temperature": without_gradient(Reading(distilled, DEFENSIVE_TEMPERATURE), images, labels),
            "without_gradient_undefended": without_gradient(Reading(networks.small[PLAIN]), images, labels),
        },
        "results": rows,
        "attacking_processor_seconds": sum(each["seconds"] for row in rows for cell in row["epsilons"] for each in cell["attacks"]),
    }


def price(small: dict[str, Lesson]) -> list[dict[str, Any]]:
    """What each small network took to train, its teacher's time with it, and how well it reads validation pictures."""
    return [
        {
            "network": name,
            "recipe": lesson.recipe.name,
            "shape": lesson.recipe.network,
            "parameters": parameter_count(lesson.trained.network),
            "epochs": len(lesson.trained.history.epochs),
            "processor_seconds": sum(epoch["processor_seconds"] for history in lesson.histories for epoch in history.epochs),
            "validation_accuracy": lesson.trained.validation_accuracy,
        }
        for name, lesson in small.items()
    ]


def served(subject: Subject, sigma: float) -> nn.Module:
    """The subject as it would answer in service: noise is drawn once."""
    reading = subject.reading
    return Noisy(reading.reading, sigma) if isinstance(reading, Noisy) else reading


def as_tensors(digits: Digits) -> tuple[Tensor, Tensor]:
    """Images `float32[n, 1, 28, 28]` in 0..1, and labels `int64[n]`."""
    return torch.from_numpy(digits.pixels).float().unsqueeze(1) / 255, torch.from_numpy(digits.labels).long()


def _cell(subject: Subject, images: Tensor, labels: Tensor, epsilon: float, asked: dict[str, Any], scratch: Path) -> dict[str, Any]:
    kept = scratch / "attacked" / f"{subject.name.replace(' ', '-')}-{epsilon:g}.json"
    if kept.exists():
        found = json.loads(kept.read_text())
        if found["asked"] == asked:
            done: dict[str, Any] = found["done"]
            return done
    done = withstood(subject, images, labels, epsilon, asked["seed"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"asked": asked, "done": done}))
    return done

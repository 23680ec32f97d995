"""What is left of a network's accuracy under attack. A picture withstands only what it withstands every time: the worst attack counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from model.adversarial.attacks import Attack, within
from model.adversarial.networks import answers
from model.metrics import share

EPSILONS = (0.1, 0.2, 0.3)
"""L-infinity, of pixels in 0..1."""


@dataclass(frozen=True)
class Attempt:
    """One attack on what the attacker takes for the network: the network itself, an understanding of its defence, or another one."""

    name: str
    attack: Attack
    against: nn.Module
    finishing: bool = False
    """Only pictures that withstood all before are attacked: right for what is dear, and itself a choice of the worst of several."""


@dataclass(frozen=True)
class Subject:
    """A network, how it answers, and everything that is tried on it."""

    name: str
    reading: nn.Module
    attempts: tuple[Attempt, ...]
    trained: tuple[str, ...]
    """The networks that answer and that are attacked, by name: other weights in one of these, other results."""


def withstood(subject: Subject, images: Tensor, labels: Tensor, epsilon: float, seed: int) -> dict[str, Any]:
    """Of images `float32[n, 1, 28, 28]` in 0..1 and labels `int64[n]`: how many are read right after each attempt, and after all of them.

    A picture read wrong unattacked counts as lost to every attack. `seconds` are of this process's own work, whatever else ran.
    """
    torch.manual_seed(seed)
    right_before = answers(subject.reading, images) == labels
    left, rows = right_before.clone(), []
    for attempt in tqdm(subject.attempts, desc=f"{subject.name}, epsilon {epsilon:g}", unit="attack", disable=None):
        asked = left if attempt.finishing else torch.ones_like(left)
        started = time.process_time()
        stands = right_before & asked
        if asked.any():
            moved = within(attempt.attack)(attempt.against, images[asked], labels[asked], epsilon)
            stands[asked] &= answers(subject.reading, moved) == labels[asked]
        left = left & stands
        rows.append({"attack": attempt.name, "attacked": int(asked.sum()), **_share(stands), "seconds": time.process_time() - started})
    return {"epsilon": epsilon, "attacks": rows, "all_together": _share(left)}


def unattacked(reading: nn.Module, images: Tensor, labels: Tensor, seed: int) -> dict[str, Any]:
    """Accuracy on pictures as they are."""
    torch.manual_seed(seed)
    return _share(answers(reading, images) == labels)


def strongest_harmless(make: Callable[[float], nn.Module], sigmas: tuple[float, ...], images: Tensor, labels: Tensor, loss: float) -> Any:
    """The highest of the ascending `sigmas` up to which accuracy falls by no more than `loss` (0..1), and the accuracy at each, 0 first."""
    rows = [{"sigma": sigma, **unattacked(make(sigma), images, labels, seed=0)} for sigma in (0.0, *sigmas)]
    harmless = [row["sigma"] for row in rows if row["accuracy"] >= rows[0]["accuracy"] - loss]
    return max(harmless), rows


def _share(right: Tensor) -> dict[str, Any]:
    return {"n": len(right), **share(right.cpu().numpy())}

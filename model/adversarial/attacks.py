"""Attacks, each out of a library that others keep; nothing above this file knows which. Every one keeps within its bounds, or is refused.

FGSM (Goodfellow et al. 2015) and PGD (Madry et al. 2018) are those of the Adversarial Robustness Toolbox; AutoAttack (Croce and Hein 2020)
is its authors' own. Neither library is needed for anything else, so neither is installed with the rest.
"""

import contextlib
import importlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from model.refused import Refused

Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]
"""Of a network, images `float32[n, 1, 28, 28]` in 0..1, their labels `int64[n]` and an epsilon: the images moved, no pixel further than
epsilon. The network takes such images to logits and is in evaluation mode."""

LIBRARIES = ("adversarial-robustness-toolbox", "pyautoattack")
"""The extra `robustness` of pyproject.toml."""

CLASSES = 10
BATCH = 250

PGD_STEPS = 40
PGD_STEP = 1 / 30
"""Of epsilon. Of 0.3 these are Madry et al.'s own 40 steps of 0.01."""


class OutOfBounds(Refused):
    """An attack moved a picture further than it may, or out of 0..1: what it found counts for nothing."""


def fgsm(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """One step of epsilon along the sign of the gradient. Raises Refused without the library."""
    evasion = _library("art.attacks.evasion", "adversarial-robustness-toolbox")
    attack = evasion.FastGradientMethod(_classifier(network), norm=np.inf, eps=epsilon, batch_size=BATCH)
    return _generated(attack, images, labels)


def pgd(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """PGD_STEPS steps of PGD_STEP times epsilon, from a random start. Raises Refused without the library."""
    evasion = _library("art.attacks.evasion", "adversarial-robustness-toolbox")
    attack = evasion.ProjectedGradientDescentPyTorch(
        _classifier(network),
        norm=np.inf,
        eps=epsilon,
        eps_step=epsilon * PGD_STEP,
        max_iter=PGD_STEPS,
        num_random_init=1,
        batch_size=BATCH,
        verbose=False,
    )
    return _generated(attack, images, labels)


def auto_attack(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """The standard version: APGD on cross-entropy, targeted APGD, targeted FAB and Square with 5,000 queries, each where those before it
    failed. Raises Refused without the library."""
    return _auto_attack("standard", network, images, labels, epsilon)


def auto_attack_at_random(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """The version for networks that draw: APGD on two losses, each gradient the mean of 20. Raises Refused without the library."""
    return _auto_attack("rand", network, images, labels, epsilon)


def within(attack: Attack) -> Attack:
    """The attack, its result checked. Raises OutOfBounds."""

    def checked(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        moved = attack(network, images, labels, epsilon)
        furthest = float((moved - images).abs().max())
        if moved.shape != images.shape or not furthest <= epsilon + 1e-5 or moved.min() < 0 or moved.max() > 1:
            raise OutOfBounds(
                f"an attack moved a pixel by {furthest:g} where {epsilon:g} is allowed, into {float(moved.min()):g}..{float(moved.max()):g}"
            )
        return moved

    return checked


def check_libraries() -> None:
    """Raises Refused where one is missing: better before an hour's work than after it."""
    _library("art.attacks.evasion", "adversarial-robustness-toolbox")
    _library("pyautoattack", "pyautoattack")


def _auto_attack(version: str, network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    library = _library("pyautoattack", "pyautoattack")
    seed = int(torch.randint(2**31, ()))  # of our generator: the library seeds torch anew, and would take the clock for it
    with _quietly(), torch.random.fork_rng():
        moved, _ = library.AutoAttack(network, norm="Linf", eps=epsilon, version=version, seed=seed).run_standard_evaluation(
            images, labels, batch_size=BATCH
        )
    found: Tensor = moved.detach()
    return found


def _classifier(network: nn.Module) -> Any:
    classification = _library("art.estimators.classification", "adversarial-robustness-toolbox")
    return classification.PyTorchClassifier(
        network, loss=nn.CrossEntropyLoss(), input_shape=(1, 28, 28), nb_classes=CLASSES, clip_values=(0.0, 1.0), device_type="cpu"
    )


def _generated(attack: Any, images: Tensor, labels: Tensor) -> Tensor:
    with _quietly(), _numpy_seeded():
        return torch.from_numpy(np.asarray(attack.generate(x=images.numpy(), y=labels.numpy()), dtype=np.float32))


@contextlib.contextmanager
def _numpy_seeded() -> Iterator[None]:
    """Within it numpy's global generator, which the toolbox starts from, follows torch's; afterwards it is as it was."""
    before = np.random.get_state()
    np.random.seed(int(torch.randint(2**31, ())))
    try:
        yield
    finally:
        np.random.set_state(before)


def _library(module: str, package: str) -> Any:
    try:
        with _quietly():
            return importlib.import_module(module)
    except ImportError as error:
        raise Refused(f"attacks need {package}, which is not installed; `pip install {' '.join(LIBRARIES)}` brings it ({error})") from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """What the libraries say of their own progress and of each other's age is no news to who measures."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

"""Which of what was trained becomes the candidate: by validation pictures and labelled ones held out, never by the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.data import Digits
from model.network import build
from model.renewal.training import Weights, between
from model.train import measure

SHARES = (0.25, 0.5, 0.75, 1.0)
"""How far from the current weights towards the tuned ones. On the way there, what is learnt comes sooner than what is unlearnt."""

TOLERATED = 0.0006
"""Of validation accuracy, what may be lost: 3 pictures of 5,027."""


@dataclass(frozen=True)
class Option:
    """One that can be chosen, and how it reads the pictures that are chosen by: losses in nats, accuracies in 0..1."""

    seed: int
    share: float
    validation_loss: float
    validation_accuracy: float
    labelled_loss: float | None
    labelled_accuracy: float | None

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Judged:
    """The current network's own figures, every option, and the one that is chosen with its weights."""

    current: Option
    options: Sequence[Option]
    chosen: Option
    weights: Weights


def choose(network: str, tuned: Mapping[int, Weights], current: Weights | None, validation: Digits, labelled: Digits) -> Judged:
    """Of each seed's tuned weights those SHARES of the way from `current`; where that is None, the tuned ones alone.

    Lowest loss on `labelled` wins, among those that lose no more of validation accuracy than is TOLERATED; where all do, the most accurate.
    """
    ways = {(seed, share): weights for seed, weights in tuned.items() for share in (SHARES if current is not None else (1.0,))}
    made = {key: weights if current is None else between(current, weights, key[1]) for key, weights in ways.items()}
    options = {key: _read(network, *key, weights, validation, labelled) for key, weights in made.items()}
    baseline = _read(network, 0, 0.0, current, validation, labelled) if current is not None else next(iter(options.values()))
    chosen = best(list(options.values()), baseline.validation_accuracy if current is not None else 0.0)
    return Judged(baseline, list(options.values()), chosen, made[chosen.seed, chosen.share])


def best(options: Sequence[Option], current_accuracy: float) -> Option:
    """The rule, given what each reads and what the current network reads of the validation pictures."""
    harmless = [option for option in options if option.validation_accuracy >= current_accuracy - TOLERATED]
    if not harmless:
        return max(options, key=lambda option: (option.validation_accuracy, -option.validation_loss))
    return min(
        harmless, key=lambda option: (option.validation_loss if option.labelled_loss is None else option.labelled_loss, option.share)
    )


def _read(network: str, seed: int, share: float, weights: Weights, validation: Digits, labelled: Digits) -> Option:
    built = build(network)
    built.load_state_dict(weights)
    of_labelled = measure(built, labelled) if len(labelled) else (None, None)
    return Option(seed, share, *measure(built, validation), *of_labelled)

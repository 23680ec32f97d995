"""The five that are attacked: the released network, alone and behind noise, and the small network plain, distilled and hardened.

Every defence is attacked as its authors did, and by who knows of it: the noise by the gradient of its mean, the distilled network by its
logits divided by the temperature that it was trained at, and all of them by what deceives a network that the attacker trained himself.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import nn

from model.adversarial.attacks import LIBRARIES, PGD_STEP, PGD_STEPS, auto_attack, auto_attack_at_random, fgsm, pgd
from model.adversarial.measuring import Attempt, Subject
from model.adversarial.networks import Noisy, Reading
from model.recipes import DEFENSIVE_TEMPERATURE

ATTACKED_DRAWS = 10
"""Of the noise, in each gradient of who attacks its mean."""

ANSWERING_DRAWS = 20
"""Of the noise, in each answer that is counted. One, as it would be served, is wrong more often: this is kind to the defence."""

RELEASED, NOISY, PLAIN, DISTILLED, HARDENED = "released", "released behind noise", "plain", "distilled", "hardened"

OF_RECIPE = {PLAIN: "strided", DISTILLED: "defensive", HARDENED: "robust"}
"""The recipes of `model.recipes` that the small networks come from."""


@dataclass(frozen=True)
class Networks:
    """What is attacked, as it came out of training: layers of the released one, and the small ones by their name in OF_RECIPE."""

    released: nn.Module
    small: dict[str, nn.Module]


def subjects(networks: Networks, sigma: float) -> tuple[Subject, ...]:
    """All five, with every attack on each. `sigma` is the noise's, of pixels in 0..1."""
    released = Reading(networks.released)
    plain, distilled, hardened = (Reading(networks.small[name]) for name in OF_RECIPE)
    other = (Attempt("PGD on the plain network, carried over", pgd, plain),)
    once = Noisy(released, sigma)
    return (
        Subject(RELEASED, released, (*usual(released), *other, _last(released)), (RELEASED, PLAIN)),
        Subject(
            NOISY,
            Noisy(released, sigma, ANSWERING_DRAWS),
            (
                *usual(once),
                Attempt(f"PGD on the mean of {ATTACKED_DRAWS} draws", pgd, Noisy(released, sigma, ATTACKED_DRAWS)),
                Attempt("PGD on the network without its noise", pgd, released),
                *other,
                Attempt("AutoAttack for networks that draw", auto_attack_at_random, once, finishing=True),
            ),
            (RELEASED, PLAIN),
        ),
        Subject(PLAIN, plain, (*usual(plain), _last(plain)), (PLAIN,)),
        Subject(
            DISTILLED,
            distilled,
            (
                *usual(distilled),
                *usual(Reading(networks.small[DISTILLED], DEFENSIVE_TEMPERATURE), " on logits divided by the temperature"),
                *other,
                _last(distilled),
            ),
            (DISTILLED, PLAIN),
        ),
        Subject(HARDENED, hardened, (*usual(hardened), *other, _last(hardened)), (HARDENED, PLAIN)),
    )


def usual(against: nn.Module, how: str = "") -> tuple[Attempt, ...]:
    """FGSM and PGD."""
    return Attempt(f"FGSM{how}", fgsm, against), Attempt(f"PGD{how}", pgd, against)


def _last(against: nn.Module) -> Attempt:
    return Attempt("AutoAttack", auto_attack, against, finishing=True)


def conditions() -> dict[str, Any]:
    """What an attack's result depends on besides weights, pictures, epsilon and the attack's name; as JSON keeps it."""
    return {
        "pgd_steps": PGD_STEPS,
        "pgd_step": PGD_STEP,
        "attacked_draws": ATTACKED_DRAWS,
        "answering_draws": ANSWERING_DRAWS,
        "libraries": libraries(),
    }


def libraries() -> dict[str, str | None]:
    """The versions of what attacks; `None` where it is not installed."""
    return {name: _version(name) for name in (*LIBRARIES, "torch")}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

"""How far the answers of a model version may be trusted, out of the facts that it ships. One that ships nothing of it is served as well."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCORE = "energy"
"""What refuses pictures of no digit: `Prediction.energy`. A limit of anything else cannot be applied here."""


class LimitsUnusable(ValueError):
    """The facts hold limits that cannot be; the message says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Both were chosen by validation pictures (`model/limits.py`)."""

    least_energy: float = -math.inf
    """Of a digit, in nats: under it the picture looks like none."""
    quantile: float | None = None
    """The least probability of a digit that stays possible beside the most probable one; None: it was never calibrated."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Limits":
        """Without any where the facts say nothing of them. Raises LimitsUnusable."""
        if "limits" not in facts:
            return cls()
        try:
            said = facts["limits"]
            score, least, quantile = said["score"], said["least"], float(said["quantile"])
            least_energy = -math.inf if least is None else float(least)
        except (KeyError, TypeError, ValueError) as error:
            raise LimitsUnusable(f"the model ships limits that cannot be read: {error!r}") from error
        if score != SCORE:
            raise LimitsUnusable(f"the model ships a limit of {score!r}, and {SCORE!r} is what is known here")
        if math.isnan(least_energy) or least_energy == math.inf or not 0 <= quantile <= 1:
            raise LimitsUnusable(f"the model ships limits that cannot be: {least} and {quantile}")
        return cls(least_energy, quantile)

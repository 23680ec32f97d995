"""What happened in a run of training, told after every epoch to whoever watches, and written where it can be read while the run goes on."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class History:
    """What happened, an entry an epoch, and whether the schedule and the stopping ever acted."""

    recipe: dict[str, Any]
    seed: int
    dropout: float
    epochs: list[dict[str, float]] = field(default_factory=list)
    rate_halved_after: list[int] = field(default_factory=list)
    stopped_early_after: int | None = None
    best_epoch: int | None = None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


Watch = Callable[[Path, History], None]
"""Told of a run's folder and history after each epoch, and of what there is already where a run goes on."""


def unwatched(folder: Path, history: History) -> None:
    """Nobody is told."""

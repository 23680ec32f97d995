"""Finished training runs of a recipe, by seed. Half of a recipe's dropouts, or another recipe's numbers under its name, are refused."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.recipes import RECIPES


class RunsMissing(RuntimeError):
    """The runs that were asked for are missing, incomplete or of other numbers; the message is one line that says which."""


@dataclass(frozen=True)
class Run:
    """One finished run: a folder with `weights.pt`, and what its `history.json` says."""

    folder: Path
    history: dict[str, Any]

    @property
    def seed(self) -> int:
        return int(self.history["seed"])

    @property
    def dropout(self) -> float:
        return float(self.history["dropout"])

    @property
    def kept(self) -> dict[str, float]:
        """The history's entry of the epoch whose weights were kept: the best one where the recipe goes back to it, else the last."""
        epochs: list[dict[str, float]] = self.history["epochs"]
        best = self.history["best_epoch"]
        return epochs[-1] if best is None else epochs[best - 1]


def finished_runs(recipe: str, runs: Path) -> dict[int, list[Run]]:
    """By seed, ascending, one run for each of the recipe's dropouts, lowest validation loss first. Raises RunsMissing."""
    by_seed: dict[int, list[Run]] = {}
    for history in runs.glob(f"{recipe}-dropout*-seed*/history.json"):
        if (history.parent / "weights.pt").exists():
            run = Run(history.parent, json.loads(history.read_text()))
            by_seed.setdefault(run.seed, []).append(run)
    if not by_seed:
        raise RunsMissing(f"no finished run of the recipe {recipe} is under {runs}; `python -m model train --recipe {recipe}` makes some")
    for seed, found in by_seed.items():
        _check(recipe, seed, found)
        found.sort(key=lambda run: (run.kept["validation_loss"], run.dropout))
    return dict(sorted(by_seed.items()))


def _check(recipe: str, seed: int, found: list[Run]) -> None:
    missing = set(found[0].history["recipe"]["dropouts"]) - {run.dropout for run in found}
    if missing:
        raise RunsMissing(f"seed {seed} of the recipe {recipe} lacks its runs with dropout {', '.join(map(str, sorted(missing)))}")
    for run in found:
        if recipe in RECIPES and run.history["recipe"] != json.loads(json.dumps(asdict(RECIPES[recipe]))):
            raise RunsMissing(f"{run.folder} was trained with other numbers than the recipe {recipe} has now")

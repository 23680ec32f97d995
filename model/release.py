"""The choice of what is served: of a recipe's seeds the one with the lowest validation loss, frozen here before the test set is read."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from model.calibrate import calibrate
from model.committed import RELEASED
from model.data import DEFAULT_FOLDER, training_split
from model.limits import write_limits
from model.network import build
from model.ranges import write_ranges
from model.reference import write_reference
from model.runs import Run, RunsMissing, finished_runs
from model.splitting import validation_writers
from model.train import logits_of

SEEDS_NEEDED = 3
"""One seed says little of a recipe."""


@dataclass(frozen=True)
class ReleaseRecord:
    """What `released/release.json` says: the choice, how it was calibrated, and what it was chosen from."""

    model: str
    network: str
    recipe: str
    seed: int
    dropout: float
    temperature: float
    accept_threshold: float
    validation: dict[str, Any]
    candidates: list[dict[str, Any]]

    def __str__(self) -> str:
        losses = [candidate["validation_loss"] for candidate in self.candidates]
        spread = f" +- {statistics.stdev(losses):.4f}" if len(losses) > 1 else ""
        return (
            f"released: recipe {self.recipe}, seed {self.seed}, validation loss {self.validation['nll_before']:.4f} "
            f"(mean of {len(losses)} seeds {statistics.mean(losses):.4f}{spread}), temperature {self.temperature:.3f}, "
            f"accepted from confidence {self.accept_threshold:.3f}"
        )


def choose(
    runs: Path,
    recipe: str,
    data: Path = DEFAULT_FOLDER,
    released: Path = RELEASED,
    *,
    name: str = "digits",
    at_least: int = SEEDS_NEEDED,
) -> ReleaseRecord:
    """Freeze the best seed under `runs` into `released`: weights, what was chosen, and what is usual. No test picture is looked at.

    `name`: what it is served as. `at_least`: so many seeds, or it is no choice. Raises RunsMissing when a run is missing, DataUnavailable.
    """
    candidates = [kept for kept, *_ in finished_runs(recipe, runs).values()]
    if len(candidates) < at_least:
        raise RunsMissing(f"a recipe is judged by {at_least} seeds and {recipe} has {len(candidates)} under {runs}; train more")
    best = min(candidates, key=lambda run: (run.kept["validation_loss"], run.seed))
    weights = torch.load(best.folder / "weights.pt", map_location="cpu", weights_only=True)
    network = build(best.history["recipe"]["network"], dropout=best.dropout)
    network.load_state_dict(weights)
    training, validation = training_split(data)
    logits = logits_of(network, validation).numpy()
    calibration = calibrate(logits, validation.labels)
    record = ReleaseRecord(
        model=name,
        network=best.history["recipe"]["network"],
        recipe=recipe,
        seed=best.seed,
        dropout=best.dropout,
        temperature=calibration.temperature,
        accept_threshold=calibration.accept_threshold,
        validation=asdict(calibration),
        candidates=[_candidate(run) for run in candidates],
    )
    released.mkdir(parents=True, exist_ok=True)
    torch.save({name: value.contiguous() for name, value in weights.items()}, released / "weights.pt")
    (released / "release.json").write_text(json.dumps(asdict(record), indent=1) + "\n")
    write_reference(released / "reference.json", training, validation, logits.argmax(axis=1))
    write_ranges(released, training.pixels)
    write_limits(released, logits / calibration.temperature, validation.labels, validation_writers())
    return record


def _candidate(run: Run) -> dict[str, Any]:
    return {
        "recipe": run.history["recipe"]["name"],
        "seed": run.seed,
        "dropout": run.dropout,
        "validation_loss": run.kept["validation_loss"],
        "validation_accuracy": run.kept["validation_accuracy"],
    }

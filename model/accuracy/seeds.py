"""A recipe judged by all its seeds: their mean with its spread, all together, and pictures moved about, each a line of its own.

Nothing is chosen here, and every reading of the test set is in the log before its figure is used.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.accuracy.combining import SHIFTS, moved_about, together
from model.data import Digits
from model.evaluate import as_served, compute_logits, note_reading, read, weights_digest
from model.inference import softmax
from model.judge import Panel
from model.metrics import Floats, spread, wilson
from model.network import build, parameter_count
from model.runs import Run, RunsMissing, finished_runs

SEEDS_CLAIMED = 5
"""A mean over fewer seeds is printed with its n, and no claim is made of it."""

SPREAD = ("validation_loss", "validation_accuracy", "test_accuracy", "test_accuracy_without_label_errors")
WAYS = ("as_is", "moved_about")


@dataclass(frozen=True)
class Answers:
    """Probabilities, `float64[n, 10]`, of the validation and of the test pictures."""

    validation: Floats
    test: Floats

    @property
    def digits(self) -> NDArray[np.intp]:
        """Read on the test pictures, `intp[n]`."""
        digits: NDArray[np.intp] = self.test.argmax(axis=1)
        return digits


@dataclass(frozen=True)
class Measured:
    """The results as JSON values, without where they come from, and what each seed and all together read, for the pictures."""

    report: dict[str, Any]
    by_seed: list[Answers]
    ensemble: Answers


def measure_seeds(
    recipe: str, runs: Path, validation: Digits, panel: Panel, *, command: str, log: Path, only: Sequence[int] | None = None
) -> Measured:
    """Of each seed under `runs` (of `only` these) the network with the lowest validation loss. Raises RunsMissing, ReleaseUnusable."""
    kept = {seed: found[0] for seed, found in finished_runs(recipe, runs).items() if only is None or seed in only}
    if not kept:
        raise RunsMissing(f"no finished run of the recipe {recipe} with one of the seeds {', '.join(map(str, only or ()))} is under {runs}")
    answers: dict[str, list[Answers]] = {way: [] for way in WAYS}
    rows = []
    for seed, run in kept.items():
        digest = weights_digest(run.folder / "weights.pt")
        both = _read(run, validation, panel, command=f"{command} ({recipe}, seed {seed})", digest=digest, log=log)
        for way, answer in both.items():
            answers[way].append(answer)
        rows.append(
            {
                "seed": seed,
                "dropout": run.dropout,
                "epochs": len(run.history["epochs"]),
                "training_seconds": sum(epoch["seconds"] for epoch in run.history["epochs"]),
                "weights_sha256": digest,
                **{way: figures(answer, validation, panel) for way, answer in both.items()},
            }
        )
    all_weights = hashlib.sha256("".join(row["weights_sha256"] for row in rows).encode()).hexdigest()
    ensembles = {way: Answers(together([a.validation for a in each]), together([a.test for a in each])) for way, each in answers.items()}
    for way, ensemble in ensembles.items():
        accuracy = float((ensemble.digits == panel.digits.labels).mean())
        note_reading(log, panel, command=f"{command} ({recipe}, {len(rows)} together, {way})", digest=all_weights, accuracy=accuracy)
    first = next(iter(kept.values()))
    network = first.history["recipe"]["network"]
    report = {
        "recipe": recipe,
        "network": network,
        "parameters": parameter_count(build(network)),
        "distillation": first.history["recipe"]["distillation"],
        "validation_n": len(validation),
        "panel": panel.name,
        "test_n": len(panel.digits),
        "label_errors": len(panel.label_errors),
        "shifts": SHIFTS,
        "seeds_claimed": SEEDS_CLAIMED,
        "mean": {way: {name: _spread([row[way][name] for row in rows]) for name in SPREAD} for way in WAYS},
        "ensemble": {"n": len(rows), **{way: figures(ensemble, validation, panel) for way, ensemble in ensembles.items()}},
        "seeds": rows,
        "errors": _errors(answers["as_is"], ensembles["as_is"], panel),
    }
    return Measured(report, answers["as_is"], ensembles["as_is"])


def gained(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Of two reports the first minus the second, seed by seed on equal seeds: each figure's mean, spread and n. Raises RunsMissing."""
    ones, others = ({row["seed"]: row["as_is"] for row in report["seeds"]} for report in (first, second))
    equal = [seed for seed in ones if seed in others]
    if not equal:
        raise RunsMissing(f"{first['recipe']} and {second['recipe']} have no seed in common")
    return {"seeds": equal, **{name: _spread([ones[seed][name] - others[seed][name] for seed in equal]) for name in SPREAD}}


def figures(answers: Answers, validation: Digits, panel: Panel) -> dict[str, Any]:
    """Loss in nats, shares in 0..1, and of the test set the errors and the 95 % interval."""
    right = answers.digits == panel.digits.labels
    believed = np.ones(len(right), bool)
    believed[list(panel.label_errors)] = False
    said = answers.validation[np.arange(len(validation)), validation.labels]
    return {
        "validation_loss": float(-np.log(np.maximum(said, np.finfo(np.float64).tiny)).mean()),
        "validation_accuracy": float((answers.validation.argmax(axis=1) == validation.labels).mean()),
        "test_accuracy": float(right.mean()),
        "test_errors": int((~right).sum()),
        "test_interval": wilson(int(right.sum()), len(right)),
        "test_accuracy_without_label_errors": float(right[believed].mean()),
    }


def _read(run: Run, validation: Digits, panel: Panel, *, command: str, digest: str, log: Path) -> dict[str, Answers]:
    served = as_served(run)
    plain = softmax(read(served, panel, log, command=command, digest=digest))
    as_is = Answers(softmax(compute_logits(served, validation.pixels, "validation pictures")), plain)
    shifted = Answers(
        *(moved_about(lambda part: compute_logits(served, part, "pictures moved about"), d.pixels) for d in (validation, panel.digits))
    )
    accuracy = float((shifted.digits == panel.digits.labels).mean())
    note_reading(log, panel, command=f"{command}, moved about", digest=digest, accuracy=accuracy)
    return dict(zip(WAYS, (as_is, shifted), strict=True))


def _errors(by_seed: list[Answers], ensemble: Answers, panel: Panel) -> dict[str, Any]:
    """Every test picture that any seed reads wrong, those that most seeds do first."""
    labels = panel.digits.labels
    read_as = np.stack([answers.digits for answers in by_seed])
    wrong_by = (read_as != labels).sum(axis=0)
    order = np.lexsort((np.arange(len(labels)), -wrong_by))
    return {
        "by_any": int((wrong_by > 0).sum()),
        "by_all": int((wrong_by == len(by_seed)).sum()),
        "by_all_with_wrong_label": int((wrong_by[list(panel.label_errors)] == len(by_seed)).sum()),
        "pictures": [
            {
                "index": int(index),
                "label": int(labels[index]),
                "read": read_as[:, index].tolist(),
                "together": int(ensemble.digits[index]),
                "wrong_by": int(wrong_by[index]),
                "label_known_wrong": int(index) in panel.label_errors,
            }
            for index in order
            if wrong_by[index]
        ],
    }


def _spread(values: list[float]) -> dict[str, Any]:
    return {**spread(values), "lowest": min(values), "highest": max(values)}

"""The network that was released from a recipe's runs, described: that it is one of them, how large, and how fast."""

import json
from pathlib import Path
from typing import Any

import torch

from model.evaluate import weights_digest
from model.inference import Classifier, ReleaseUnusable
from model.latency import BATCHES, cpu_latency
from model.network import build, parameter_count
from model.runs import finished_runs


def describe_chosen(released: Path, recipe: str, runs: Path, batches: dict[int, int] = BATCHES) -> dict[str, Any]:
    """As JSON values. Raises ReleaseUnusable where `released` holds no network, or another one than its run; RunsMissing."""
    classifier = Classifier(released)
    told = json.loads((released / "release.json").read_text(encoding="utf-8"))
    run = finished_runs(recipe, runs).get(told["seed"], [None])[0]
    if told["recipe"] != recipe or run is None:
        raise ReleaseUnusable(f"{released} holds seed {told['seed']} of {told['recipe']}, which is no run of {recipe} under {runs}")
    ours, theirs = (torch.load(folder / "weights.pt", map_location="cpu", weights_only=True) for folder in (released, run.folder))
    if any(not torch.equal(value, theirs[name]) for name, value in ours.items()):
        raise ReleaseUnusable(f"the weights in {released} are not those of {run.folder}; `python -m model release` puts them there")
    return {
        **{name: told[name] for name in ("model", "network", "seed", "dropout", "temperature", "accept_threshold")},
        "parameters": parameter_count(build(told["network"])),
        "bytes": (released / "weights.pt").stat().st_size,
        "weights_sha256": weights_digest(released / "weights.pt"),
        "validation_loss": told["validation"]["nll_before"],
        "latency": cpu_latency(classifier.logits, batches),
    }

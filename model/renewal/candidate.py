"""The candidate's folder: what is committed of a release, in the same form, and `renewal.json`, which says what it was made of."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model.calibrate import calibrate
from model.data import Digits
from model.evaluate import release_facts, weights_digest
from model.export import fingerprint
from model.inference import Classifier, ReleaseUnusable
from model.limits import write_limits
from model.network import build
from model.preprocess.place import SIDE
from model.ranges import write_ranges
from model.reference import write_reference
from model.release import ReleaseRecord
from model.renewal.agreement import UNKNOWN, SetAside
from model.renewal.choice import Judged
from model.renewal.labelled import Record
from model.renewal.split import Split
from model.renewal.training import Material, Weights
from model.renewal.weights import ALL, CALLER, EMPHASIS, weight_by_caller
from model.results import read_result
from model.train import logits_of

FILE = "renewal.json"
REFERENCE_PICTURES = 12_800
"""Drawn as training drew them, by which live traffic is compared and eight-bit arithmetic is scaled."""


def write_release(
    out: Path,
    judged: Judged,
    name: str,
    network: str,
    recipe: str,
    dropout: float,
    material: Material,
    seen_by_choice: Digits,
    labelled: int = 0,
    reference_pictures: int | None = None,
) -> str:
    """Weights, `release.json`, `reference.json`, `ranges.json` and `limits.json` under `out`; returns the version.

    `name`: what the current one is served as, and so this one. `seen_by_choice`: validation pictures and then the `labelled` ones held out
    for the choice, by which it is calibrated and its accuracy is known. As usual counts what it was trained on, so both kinds stand in the
    reference in the proportion that training drew them in.
    """
    out.mkdir(parents=True, exist_ok=True)
    built = build(network)
    built.load_state_dict(judged.weights)
    logits = logits_of(built, seen_by_choice).numpy()
    calibration = calibrate(logits, seen_by_choice.labels)
    record = ReleaseRecord(
        model=name,
        network=network,
        recipe=recipe,
        seed=judged.chosen.seed,
        dropout=dropout,
        temperature=calibration.temperature,
        accept_threshold=calibration.accept_threshold,
        validation=asdict(calibration),
        candidates=[{"recipe": recipe, "dropout": dropout, **option.told()} for option in judged.options],
    )
    _save(judged.weights, out / "weights.pt")
    (out / "release.json").write_text(json.dumps(asdict(record), indent=1) + "\n")
    drawn, _ = material.drawn(reference_pictures or REFERENCE_PICTURES, judged.chosen.seed)
    usual = in_proportion(len(seen_by_choice) - labelled, labelled, material.share)
    write_reference(out / "reference.json", drawn, seen_by_choice[usual], logits.argmax(axis=1)[usual])
    write_ranges(out, drawn.pixels)
    write_limits(out, logits / calibration.temperature, seen_by_choice.labels)
    return fingerprint(out)


def check_side(released: Path) -> None:
    """Raises ReleaseUnusable where the release in this folder is not of pictures as large as MNIST's."""
    side = Classifier(released).side
    if side != SIDE:
        raise ReleaseUnusable(f"{released} reads pictures of {side} x {side}; a renewal is of MNIST's, {SIDE} x {SIDE}")


def check_name(candidate: Path, current: Path) -> None:
    """Raises ReleaseUnusable where they are served by different names: neither can take the other's place."""
    named, serving = (release_facts(folder / "release.json")["model"] for folder in (candidate, current))
    if named != serving:
        raise ReleaseUnusable(f"{candidate} is called {named!r} and {current} {serving!r}: a candidate has the name of what it replaces")


def made_of(records: Sequence[Record], parts: Split, material: Material, aside: Sequence[SetAside]) -> dict[str, Any]:
    """What `renewal.json` says of the labelled records: how many, whose, how they count, and which are set aside.

    `seen` are the digests of the pictures that were trained on or chosen by; the gate asks none of them.
    """
    training = parts.training
    weight, whole = weight_by_caller(training, material.weights), len(material.mnist) + float(material.weights.sum())
    pictures = Counter(caller for callers in training.callers for caller in callers)
    given = Counter(record.stands.caller or UNKNOWN for record in records)
    differing = Counter(record.stands.caller or UNKNOWN for record in records if record.stands.label != record.predicted)
    return {
        "records": len(records),
        "pictures": {"training": len(training), "choice": len(parts.choice), "gate": len(parts.gate), "set_aside": len(aside)},
        "held_out_by": parts.by,
        "rule": {"emphasis": EMPHASIS, "caller_at_most": CALLER, "all_at_most": ALL, "of": "the weight of MNIST's pictures of the digit"},
        "labelled_share": material.share,
        "callers": [
            {
                "caller": caller,
                "records": given[caller],
                "differ_from_the_answer": differing[caller],
                "training_pictures": pictures[caller],
                "share_of_training": weight.get(caller, 0.0) / whole,
            }
            for caller in sorted(given)
        ],
        "set_aside": [each.told() for each in aside],
        "seen": sorted([*training.digests, *parts.choice.digests]),
    }


def seen_by(candidate: Path) -> frozenset[str]:
    """Digests that the candidate in this folder was trained on or chosen by; of none that is known, none. Raises ValueError, KeyError."""
    told = read_result(candidate / FILE)
    return frozenset() if told is None else frozenset(told["labelled"]["seen"])


def facts(out: Path, version: str) -> dict[str, Any]:
    """What names the candidate."""
    return {"version": version, "weights_sha256": weights_digest(out / "weights.pt")}


def _save(weights: Weights, file: Path) -> None:
    torch.save({name: value.contiguous() for name, value in weights.items()}, file)


def in_proportion(validation: int, labelled: int, share: float) -> NDArray[np.intp]:
    """Positions of so many validation pictures, and of labelled ones after them so often that they are a `share` of all; at least once."""
    times = max(1, round(share / (1 - share) * validation / labelled)) if labelled else 0
    return np.concatenate([np.arange(validation), np.tile(np.arange(validation, validation + labelled), times)])


def together(one: Digits, other: Digits) -> Digits:
    """Both, one after the other."""
    return Digits(np.concatenate([one.pixels, other.pixels]), np.concatenate([one.labels, other.labels]))

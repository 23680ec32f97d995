"""Every kind of map held to the same measure: the one that is served was chosen by it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from model.explanations.kinds import SERVED, every_kind
from model.faithful import BATCH, DELETED, Deletion, Maps, alike, otherwise
from model.inference import Classifier

CHECKED = 200
"""Pictures, the first, of which it is looked at what a map depends on."""


def compare_kinds(classifier: Classifier, pixels: NDArray[np.uint8], seed: int = 0, checked: int = CHECKED) -> dict[str, Any]:
    """Of pictures `uint8[n, 28, 28]`, for each kind of map: what `Deletion` says of it, and how like it is to maps that it should not be
    like, as `faithfulness` says.
    """
    deletion = Deletion(classifier, pixels, seed)
    first = slice(0, checked)
    kinds = _maps(classifier.layers, pixels, deletion.digits, "maps")
    unlike = {
        name: _maps(layers, pixels[first], digits, name)
        for name, (layers, digits) in otherwise(classifier.layers, deletion.digits[first], deletion.others[first], seed).items()
    }
    rows = [
        {"kind": kind, **deletion.of(maps), "alike": {name: alike(maps[first], others[kind]) for name, others in unlike.items()}}
        for kind, maps in tqdm(kinds.items(), desc="deleting ink", unit="kind", disable=None)
    ]
    return {"n": len(pixels), "checked": min(checked, len(pixels)), "seed": seed, "deleted_ink": DELETED, "served": SERVED, "kinds": rows}


def table(compared: dict[str, Any]) -> str:
    """In Markdown, for the log: a row for each kind, the served one in bold."""
    names = list(compared["kinds"][0]["alike"])
    heads = ["kind of map", "fall beyond that at random (95 %)", *(f"like: {name}" for name in names)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in compared["kinds"]:
        kind = f"**{row['kind']}**" if row["kind"] == compared["served"] else row["kind"]
        more = row["difference"]
        cells = [kind, f"{more['mean']:.3f} ({more['low']:.3f} to {more['high']:.3f})", *(f"{row['alike'][name]:.2f}" for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _maps(layers: nn.Sequential, pixels: NDArray[np.uint8], digits: NDArray[np.integer], name: str) -> dict[str, Maps]:
    starts = tqdm(range(0, len(pixels), BATCH), desc=name, unit="batch", disable=None)
    parts = [every_kind(layers, pixels[start : start + BATCH], digits[start : start + BATCH]) for start in starts]
    return {kind: np.concatenate([part[kind] for part in parts]) for kind in parts[0]}

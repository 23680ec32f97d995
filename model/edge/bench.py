"""The exports timed on the device that this runs on, by one thread: a row each, with whether it still reads the known digits right.

Needs numpy and a runtime; torch only where the runtime does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.edge.manifest import read_manifest, whole
from model.edge.runtime import NotInstalled, Runtime
from model.timing import timed

KNOWN = Path(__file__).parents[1] / "known" / "digits.npz"
CALLS = 1_000
"""Timed, of one picture each."""


@dataclass(frozen=True)
class Timed:
    """Of one export: the known digits that it reads right, of how many, and its time for one picture; or why there is none."""

    runtime: str
    arithmetic: str
    bytes: int
    right: int | None = None
    n: int | None = None
    latency: dict[str, Any] | None = None
    not_installed: str | None = None


def bench(folder: Path, runtimes: Sequence[Runtime], calls: int = CALLS) -> list[Timed]:
    """A row for each export in `folder` that one of `runtimes` reads. Raises Refused where the folder is not one of exports."""
    with np.load(KNOWN) as known:
        pixels, labels = known["pixels"], known["labels"]
    by_name = {runtime.name: runtime for runtime in runtimes}
    rows = []
    for exported in read_manifest(folder).exports:
        if exported.runtime not in by_name:
            continue
        runtime, facts = by_name[exported.runtime], (exported.runtime, exported.arithmetic, exported.bytes)
        try:
            reader = runtime.open(whole(exported, folder))
        except NotInstalled as error:
            rows.append(Timed(*facts, not_installed=str(error)))
            continue
        right = int((reader.logits(pixels).argmax(axis=1) == labels).sum())
        rows.append(Timed(*facts, right, len(labels), timed(reader.logits, 1, calls)))
    return rows

"""What benchmarks measured, read back from the files that they leave, and kept small enough to be committed."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.bench.report import Machine
from loadtests.bench.runs import Cell, Memory, Run
from loadtests.rounded import rounded


@dataclass(frozen=True)
class Evidence:
    """All runs of one commit on one machine."""

    machine: Machine
    seconds: float
    """Of each measurement."""
    runs: tuple[Run, ...]


def read(file: Path) -> Evidence:
    """Raises OSError, ValueError where it is no benchmark's."""
    return parsed(file.read_text(encoding="utf-8"))


def parsed(text: str) -> Evidence:
    """Of a benchmark's JSON, or of what was kept of it. Raises ValueError."""
    try:
        told = json.loads(text)
        return Evidence(Machine(**told["machine"]), told["seconds"], tuple(map(_run, told["runs"])))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no benchmark's figures: {error!r}") from error


def joined(parts: Sequence[Evidence]) -> Evidence:
    """As if measured at once; what two measured is told of the first. Raises ValueError where they were not measured alike."""
    first = parts[0]
    runs: list[Run] = []
    for part in parts:
        if _measured_on(part) != _measured_on(first):
            raise ValueError(f"measured on different machines, commits or for different times: {_measured_on(first)}, {_measured_on(part)}")
        there = {run.cell for run in runs}
        runs += [run for run in part.runs if run.cell not in there]
    return Evidence(first.machine, first.seconds, tuple(runs))


def as_small_json(evidence: Evidence) -> str:
    """A run a line, figures to five digits, of watched memory what came of its samples."""
    runs = ",\n".join(json.dumps(_small(asdict(run))) for run in evidence.runs)
    return f'{{"machine": {json.dumps(asdict(evidence.machine))}, "seconds": {evidence.seconds}, "runs": [\n{runs}\n]}}\n'


def _run(told: dict[str, Any]) -> Run:
    watched = {name: Memory(**of | {"samples_mb": tuple(of["samples_mb"])}) for name, of in (told.get("memory") or {}).items()}
    return Run(**told | {"cell": Cell(**told["cell"]), "memory": watched or None})


def _measured_on(evidence: Evidence) -> tuple[object, ...]:
    machine = evidence.machine
    return machine.processor, machine.cores, machine.commit, machine.python, evidence.seconds


def _small(run: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in run.items() if value is not None}
    if "memory" in told:
        told["memory"] = {name: of | {"samples_mb": ()} for name, of in told["memory"].items()}
    return dict(rounded(told))

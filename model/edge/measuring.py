"""Every export beside the torch network: agreement on validation pictures, then on the test set once, size, and time for one picture."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.compiled import Compiled, native, read_maxima
from model.data import Digits
from model.edge.agreement import agreement, kept
from model.edge.bench import CALLS
from model.edge.exporting import Export, Judge, export, judge_of
from model.edge.manifest import Exported, Manifest, write_manifest
from model.edge.portable import operations, portable
from model.edge.runtime import ARITHMETICS, NotInstalled, Runtime
from model.evaluate import read, weights_digest
from model.export import serving_facts
from model.inference import Classifier
from model.judge import Panel
from model.latency import cpu_latency
from model.network import build, parameter_count
from model.reader import Reader

CALIBRATION = 1_024
"""Training pictures that the levels of int8 are spread by."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is exported, by what it is judged, and how long it is timed. `panel` is read once by each reader, after every choice."""

    released: Path
    training: Digits
    validation: Digits
    panel: Panel
    seed: int = 0
    calibration: int = CALIBRATION
    calls: int = CALLS


def measure(plan: Plan, runtimes: Sequence[Runtime], out: Path, *, command: str, log: Path) -> dict[str, Any]:
    """Export into `out` by each runtime that is installed, and tell of all. The first row is the torch network that they are held to.

    Raises ReleaseUnusable, NotCompilable, NotExportable, and NotInstalled where no runtime is.
    """
    classifier, said = Classifier(plan.released), serving_facts(plan.released)
    network = json.loads((plan.released / "release.json").read_text(encoding="utf-8"))["network"]
    layers = portable(classifier.layers)
    judge = judge_of(classifier, plan.training, plan.validation, plan.calibration, plan.seed)
    exports, absent = _exports(runtimes, judge, layers, out)
    facts = {
        "network": network,
        "weights_sha256": weights_digest(plan.released / "weights.pt"),
        "parameters": parameter_count(build(network)),
        "operations": operations(layers),
    }
    files = [Exported(made.runtime, made.arithmetic, made.file, made.bytes, made.sha256) for _, made in exports]
    write_manifest(Manifest(**facts, facts=said, exports=files), out)
    return {
        "seed": plan.seed,
        "n": len(plan.panel.digits),
        "panel": plan.panel.name,
        "validation_n": len(plan.validation),
        "calibration_n": len(judge.calibration),
        **facts,
        "versions": {name: version for runtime in runtimes for name, version in runtime.versions().items()},
        "rows": [*_rows(plan, classifier, exports, out, command=command, log=log), *absent],
    }


def _exports(runtimes: Sequence[Runtime], judge: Judge, layers: Any, out: Path) -> tuple[list[tuple[Runtime, Export]], list[Row]]:
    """What was exported, and a row for what is not installed."""
    made, absent = [], []
    for runtime in runtimes:
        for arithmetic in ARITHMETICS:
            try:
                made.append((runtime, export(runtime, arithmetic, layers, judge, out)))
            except NotInstalled as error:
                absent.append({"runtime": runtime.name, "title": runtime.title, "arithmetic": arithmetic, "not_installed": str(error)})
    if not made:
        raise NotInstalled("; ".join(dict.fromkeys(row["not_installed"] for row in absent)))
    return made, absent


def _rows(
    plan: Plan, classifier: Classifier, exports: list[tuple[Runtime, Export]], out: Path, *, command: str, log: Path
) -> Iterator[Row]:
    weights = plan.released / "weights.pt"
    digest, labels = weights_digest(weights), plan.panel.digits.labels

    def logits(reader: Reader, row: Row) -> Any:
        return read(reader, plan.panel, log, command=f"{command} ({row['runtime']} {row['arithmetic']})", digest=digest)

    torch = {"runtime": "torch", "title": "PyTorch", "arithmetic": classifier.arithmetic}
    expected = logits(classifier, torch)

    def measured(reader: Reader, row: Row) -> Row:
        told = expected if reader is classifier else logits(reader, row)
        return {**row, "test": agreement(told, expected, labels), "latency": cpu_latency(reader.logits, {1: plan.calls})}

    yield measured(classifier, {**torch, "file": weights.name, "bytes": weights.stat().st_size})
    for reader, row in _served_here(classifier, plan.released):
        yield measured(reader, row)
    for runtime, made in exports:
        row = measured(runtime.open(out / made.file), {"title": runtime.title, **asdict(made)})
        yield {**row, "kept": kept(made.arithmetic, row["test"])}


def _served_here(classifier: Classifier, released: Path) -> Iterator[tuple[Reader, Row]]:
    """What this stack serves by on such a processor, to compare with: OpenVINO, which compiles the weights when it starts."""
    maxima = read_maxima(released)
    for arithmetic in sorted(native(maxima)):
        if arithmetic in ARITHMETICS:
            row = {"runtime": "openvino", "title": "OpenVINO, as served here", "arithmetic": arithmetic}
            yield Compiled(classifier.layers, arithmetic, maxima), row

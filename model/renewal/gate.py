"""The gate: candidate and current are asked the same, and a signed report beside the candidate says whether it may serve."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.evaluate import note_reading, release_facts, weights_digest, write_json
from model.export import fingerprint
from model.gate_report import FILE, FORMAT, PAGE, PASS, REFUSE, signed
from model.latency import one_thread
from model.provenance import Begun
from model.renewal.criteria import Both, Margins, judge
from model.renewal.pace import CALLS, pace
from model.renewal.page import page
from model.renewal.panels import Asked, Reader, ask

RESAMPLES = 10_000


@dataclass(frozen=True)
class Side:
    """One of the two: its released folder and what serves it."""

    folder: Path
    reader: Reader

    def told(self) -> dict[str, Any]:
        name = release_facts(self.folder / "release.json")["model"]
        return {"model": name, "version": fingerprint(self.folder), "weights_sha256": weights_digest(self.folder / "weights.pt")}


def compare(
    candidate: Side,
    current: Side,
    asked: Asked,
    secret: bytes,
    *,
    begun: Begun,
    log: Path,
    margins: Margins = Margins(),  # noqa: B008 - frozen
    resamples: int = RESAMPLES,
    calls: dict[int, int] = CALLS,
) -> dict[str, Any]:
    """The signed report, which is in the candidate's folder then, beside its page. Readings of the test set are in `log` before anything
    is done with them. Raises NotExportable or ReleaseUnusable where a folder is no release."""
    sides = {"candidate": candidate, "current": current}
    told = {role: side.told() for role, side in sides.items()}
    said = {}
    for role, side in sides.items():
        said[role] = ask(side.reader, asked, role)
        correct = float((said[role].test.argmax(axis=1) == asked.test.digits.labels).mean())
        digest = told[role]["weights_sha256"]
        note_reading(log, asked.test, command=f"{begun.command} ({role})", digest=digest, accuracy=correct)
    with one_thread():
        paces = pace(
            candidate.reader, current.reader, asked.test.digits.pixels, seed=asked.seed, resamples=min(resamples, 1_000), calls=calls
        )
    rows = judge(Both(asked, said["candidate"], said["current"], margins, resamples), paces)
    report: dict[str, Any] = {
        "format": FORMAT,
        "made": begun.generated(),
        **told,
        "asked": {**_asked(asked), "resamples": resamples},
        "margins": asdict(margins),
        "criteria": rows,
        "decision": PASS if all(row["passed"] for row in rows) else REFUSE,
    }
    return _write(report, candidate.folder, secret)


def _asked(asked: Asked) -> dict[str, Any]:
    labelled = asked.labelled
    return {
        "seed": asked.seed,
        "test": {"name": asked.test.name, "n": len(asked.test.digits)},
        "hard": len(asked.hard),
        "corrupted": {"n": len(asked.spoilt), "corruptions": len(asked.corruptions)},
        "known": len(asked.known),
        "labelled": None if labelled is None else {"n": len(labelled), "digests_sha256": _digest(labelled.digests)},
    }


def _digest(names: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _write(report: dict[str, Any], folder: Path, secret: bytes) -> dict[str, Any]:
    """What is signed is what stands in the file: numbers as they were rounded for it."""
    partial = folder / f"{FILE}.partial"
    write_json(report, partial)
    final = signed(json.loads(partial.read_text(encoding="utf-8")), secret)
    write_json(final, partial)
    (folder / PAGE).write_text(page(final), encoding="utf-8")
    partial.replace(folder / FILE)
    return final

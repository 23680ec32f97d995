"""Labelled records as a gateway would export them, for the tests of renewal; and a data set that a small network learns in a moment."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.renewal.labelled import FORMAT, Given, Record

Pixels = NDArray[np.uint8]


def picture(number: int) -> Pixels:
    return np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)


def record(pixels: Pixels, label: int, caller: str | None = None, source: str = "feedback", id: str = "a") -> Record:
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return Record(id, digest, pixels, 7, "ab12cd34ef56", 1_000, [Given(label, source, caller, 2_000)])


def told(one: Record) -> dict[str, object]:
    labels = [{"label": each.label, "source": each.source, "caller": each.caller, "at_ms": each.at_ms} for each in one.labels]
    named = {"id": one.id, "digest": one.digest, "pixels": one.pixels.tobytes().hex(), "predicted": one.predicted}
    return {**named, "model_version": one.model_version, "answered_ms": one.answered_ms, "caller": None, "labels": labels}


def export(file: Path, records: Sequence[Record]) -> Path:
    """In the form that `gateway/records/labelled.py` writes; that both are the same is tested there."""
    write(file, [told(each) for each in records])
    return file


def write(file: Path, rows: Sequence[dict[str, object]], /, **end: object) -> None:
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in ({"format": FORMAT, "at": "2026-11-26T12:00:00+00:00"}, *rows))
    last = {"rows": len(rows), "without_pixels": 0, "sha256": hashlib.sha256(lines).hexdigest(), **end}
    file.write_bytes(gzip.compress(lines + json.dumps(last).encode() + b"\n"))

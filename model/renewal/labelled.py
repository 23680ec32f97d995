"""Labelled records as a gateway exports them, believed only where the file is whole and every picture is the one that it says.

The file's form is that of `gateway/records/labelled.py`, which `python -m gateway records export` writes.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.metrics import CLASSES
from model.preprocess.place import SIDE

FORMAT = "digitserve labelled records 1"
FEEDBACK, AUDIT = "feedback", "audit"
LONGEST_LINE = 2**18
"""A picture takes two kilobytes, and each correction of a label a tenth of one."""


class LabelledUnusable(Exception):
    """The file cannot be read or is no whole export of labelled records; the message is one line that names it."""


@dataclass(frozen=True)
class Given:
    """A label, who gave it and when. `caller` is None where nobody knows; `source` is feedback or audit."""

    label: int
    source: str
    caller: str | None
    at_ms: int


@dataclass(frozen=True)
class Record:
    """One labelled prediction: `pixels` uint8[28, 28], their SHA-256, what a version read, and the labels given since, oldest first."""

    id: str
    digest: str
    pixels: NDArray[np.uint8]
    predicted: int
    model_version: str
    answered_ms: int | None
    labels: Sequence[Given]

    @property
    def stands(self) -> Given:
        """The label that stands: the newest, since only an auditor can give another than the first."""
        return self.labels[-1]


@dataclass(frozen=True)
class Exported:
    """What is in one file, and the SHA-256 of the file."""

    records: Sequence[Record]
    sha256: str


def read_labelled(file: Path) -> Exported:
    """Every record, in the file's order. Raises LabelledUnusable."""
    try:
        content = file.read_bytes()
        with gzip.open(file) as packed:
            records = list(_records(packed))
    except OSError as error:
        raise LabelledUnusable(f"{file} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error, ValueError, TypeError, KeyError, IndexError) as error:
        raise LabelledUnusable(f"{file} is no whole export of labelled records: {error!r}") from error
    return Exported(records, hashlib.sha256(content).hexdigest())


def _records(packed: gzip.GzipFile) -> Iterator[Record]:
    digest, count = hashlib.sha256(), 0
    first = packed.readline(LONGEST_LINE)
    digest.update(first)
    if json.loads(first)["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    while "id" in (told := json.loads(text := packed.readline(LONGEST_LINE))):
        digest.update(text)
        count += 1
        yield _record(told)
    if (told["rows"], told["sha256"]) != (count, digest.hexdigest()) or packed.read(1):
        raise ValueError("its end does not tell of its rows")


def _record(told: dict[str, Any]) -> Record:
    pixels = bytes.fromhex(told["pixels"])
    if hashlib.sha256(pixels).hexdigest() != told["digest"]:
        raise ValueError(f"the pixels of {told['id']} are not those of its digest")
    labels = [Given(each["label"], each["source"], each["caller"], each["at_ms"]) for each in told["labels"]]
    if not labels or any(each.label not in range(CLASSES) or each.source not in (FEEDBACK, AUDIT) for each in labels):
        raise ValueError(f"{told['id']} has a label that is none")
    picture = np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE)
    return Record(told["id"], told["digest"], picture, told["predicted"], told["model_version"], told["answered_ms"], labels)

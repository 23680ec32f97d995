"""What travels to the database: rows of one batch, committed together, and what became of each label. Plain values, also on a wire."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from gateway.stage import Stage

TOKEN_BYTES = 8


class PredictionRow(NamedTuple):
    """In the order of the table's columns."""

    id: str
    at_ms: int
    digest: bytes
    model_version: str
    digit: int
    confidence: float
    accepted: bool
    cache: str
    latency_us: int
    caller: str | None


class PixelsRow(NamedTuple):
    """Canonical pixels, 784 bytes, that a caller consented to be kept."""

    digest: bytes
    pixels: bytes
    at_ms: int


class LabelRow(NamedTuple):
    """A true label for a prediction, in the order of the table's columns. `source` audit supersedes what is there; feedback does not."""

    id: str
    label: int
    predicted: int
    model_version: str
    source: str
    at_ms: int
    caller: str | None
    token: str


class ChangeRow(NamedTuple):
    """One label that was given, in the order of the table's columns; `previous` is None for the first."""

    token: str
    id: str
    previous: int | None
    label: int
    source: str
    at_ms: int
    caller: str | None


class AlertRow(NamedTuple):
    """One time that an alert fires, in the order of the table's columns; it takes the place of what has its key."""

    key: str
    name: str
    labels: str
    summary: str
    starts_ms: int
    resolved_ms: int | None
    action: str


class LabelState(StrEnum):
    """What became of a label."""

    STORED = "stored"
    SAME = "same"
    CONFLICT = "conflict"


class LabelOutcome(NamedTuple):
    """`previous` is the label that was there before, None where there was none."""

    state: LabelState
    previous: int | None


@dataclass
class Batch:
    """Rows to be written in one transaction."""

    predictions: list[PredictionRow] = field(default_factory=list)
    """Out of a backup; answers leave packed ones."""
    pixels: list[PixelsRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    """Given now: each has an outcome."""
    packed: list[bytes] = field(default_factory=list)
    """Predictions made now, as `packed.packed` makes them."""
    alerts: list[AlertRow] = field(default_factory=list)
    restored_labels: list[LabelRow] = field(default_factory=list)
    restored_changes: list[ChangeRow] = field(default_factory=list)
    restored_alerts: list[AlertRow] = field(default_factory=list)
    """Out of a backup: put where nothing is, with no outcome."""
    stages: list[Stage] = field(default_factory=list)
    """Put where nothing is: of two changes made at the same time the first counts, and who made the other sees that."""

    def __len__(self) -> int:
        return sum(len(rows) for rows in vars(self).values())

    def to_wire(self) -> bytes:
        """JSON, bytes in hexadecimal."""
        said = {name: [row_to_json(row) for row in rows] for name, rows in vars(self).items() if name != "packed"}
        return orjson.dumps(said | {"packed": [row.hex() for row in self.packed]})

    @classmethod
    def from_wire(cls, wire: bytes) -> "Batch":
        """Raises ValueError, TypeError or KeyError for what `to_wire` did not make."""
        said = orjson.loads(wire)
        return cls(
            [prediction_from_json(row) for row in said["predictions"]],
            [pixels_from_json(row) for row in said["pixels"]],
            [LabelRow(*row) for row in said["labels"]],
            [bytes.fromhex(row) for row in said["packed"]],
            [AlertRow(*row) for row in said["alerts"]],
            [LabelRow(*row) for row in said["restored_labels"]],
            [ChangeRow(*row) for row in said["restored_changes"]],
            [AlertRow(*row) for row in said["restored_alerts"]],
            [Stage(*row) for row in said["stages"]],
        )


def row_to_json(row: Iterable[Any]) -> list[Any]:
    """Bytes in hexadecimal."""
    return [value.hex() if isinstance(value, bytes) else value for value in row]


def prediction_from_json(row: list[Any]) -> PredictionRow:
    return PredictionRow(row[0], row[1], bytes.fromhex(row[2]), *row[3:])


def pixels_from_json(row: list[Any]) -> PixelsRow:
    digest, pixels, at_ms = row
    return PixelsRow(bytes.fromhex(digest), bytes.fromhex(pixels), at_ms)


def new_token() -> str:
    """Names one request to label."""
    return secrets.token_hex(TOKEN_BYTES)

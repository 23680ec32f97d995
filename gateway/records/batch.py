"""What travels to the database: rows of one batch, committed together, and what became of each label. Plain values, also on a wire."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import orjson

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
    """A true label for a prediction. `source` audit supersedes what is there; feedback does not."""

    id: str
    label: int
    predicted: int
    model_version: str
    source: str
    at_ms: int
    caller: str | None
    token: str


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
    pixels: list[PixelsRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.predictions) + len(self.pixels) + len(self.labels)

    def to_wire(self) -> bytes:
        """JSON, bytes in hexadecimal."""
        return orjson.dumps(
            {
                "predictions": [[value.hex() if isinstance(value, bytes) else value for value in row] for row in self.predictions],
                "pixels": [[row.digest.hex(), row.pixels.hex(), row.at_ms] for row in self.pixels],
                "labels": [list(row) for row in self.labels],
            }
        )

    @classmethod
    def from_wire(cls, wire: bytes) -> "Batch":
        """Raises ValueError, TypeError or KeyError for what `to_wire` did not make."""
        said = orjson.loads(wire)
        return cls(
            [PredictionRow(row[0], row[1], bytes.fromhex(row[2]), *row[3:]) for row in said["predictions"]],
            [PixelsRow(bytes.fromhex(digest), bytes.fromhex(pixels), at_ms) for digest, pixels, at_ms in said["pixels"]],
            [LabelRow(*row) for row in said["labels"]],
        )


def new_token() -> str:
    """Names one request to label."""
    return secrets.token_hex(TOKEN_BYTES)

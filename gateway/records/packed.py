"""Predictions while they wait to be written: each packed into one run of bytes, all of one length, that SQLite itself takes apart.

Thousands of rows a second wait a tenth of a second each. As objects they would push out of the processor's cache what answers are made
of; and binding their values one by one needs the interpreter's lock, for which the event loop would wait.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gateway.contract import PARTS
from gateway.records.batch import PredictionRow

Noted = tuple[str, int, bytes, str, int, float, bool, str, int]
"""What `packed` packs, in its order."""


class Field(NamedTuple):
    """A column in a packed row."""

    column: str
    form: str
    """How it is written; numbers in decimals, since SQLite makes numbers of text and of nothing else."""
    width: int
    """Bytes."""
    sql: str
    """What SQLite makes of these bytes."""


TEXT = "CAST({} AS TEXT)"
WHOLE = "CAST(CAST({} AS TEXT) AS INTEGER)"
FIELDS = (
    Field("id", "%b", 48, TEXT),
    Field("at_ms", "%013d", 13, WHOLE),
    Field("digest", "%b", 32, "{}"),
    Field("model_version", "%b", 12, TEXT),
    Field("digit", "%d", 1, WHOLE),
    Field("confidence", "%010d", 10, f"{WHOLE} / {PARTS}"),
    Field("accepted", "%d", 1, WHOLE),
    Field("cache", "%-9b", 9, f"rtrim({TEXT})"),
    Field("latency_us", "%010d", 10, WHOLE),
)
"""All but the caller, whom nothing tells yet."""

FORM = "".join(field.form for field in FIELDS).encode()
WIDTHS = struct.Struct("".join(f"{field.width}s" for field in FIELDS))
LONGEST_US = 10**9


def _insert() -> str:
    columns, values, offset = [], [], 0
    for field in FIELDS:
        columns.append(field.column)
        values.append(field.sql.format(f"substr(?1, at + {offset}, {field.width})"))
        offset += field.width
    return f"""
WITH RECURSIVE places(at) AS (VALUES (1) UNION ALL SELECT at + {WIDTHS.size} FROM places WHERE at + {WIDTHS.size} < length(?1))
INSERT INTO predictions ({", ".join(columns)}) SELECT {", ".join(values)} FROM places WHERE true
ON CONFLICT DO NOTHING"""


INSERT = _insert()
"""SQLite's statement that writes as many packed rows as its parameter holds, one after another; those whose id is there are left out."""


def packed(
    prediction_id: str,
    at_ms: int,
    digest: bytes,
    model_version: str,
    digit: int,
    confidence: float,
    accepted: bool,
    cache: str,
    latency_us: int,
) -> bytes:
    """A row; its confidence to the billionth in which it is told. Raises ValueError where it has not the length of a row."""
    row = FORM % (
        prediction_id.encode(),
        at_ms,
        digest,
        model_version.encode(),
        digit,
        round(confidence * PARTS),
        accepted,
        cache.encode(),
        latency_us if latency_us < LONGEST_US else LONGEST_US,
    )
    if len(row) != WIDTHS.size:
        raise ValueError(f"a row of {len(row)} bytes: {row!r}")
    return row


def unpacked(rows: bytes) -> Iterator[PredictionRow]:
    """What was packed, one after another. Raises ValueError where it was not."""
    try:
        for prediction_id, at_ms, digest, version, digit, confidence, accepted, cache, latency_us in WIDTHS.iter_unpack(rows):
            yield PredictionRow(
                prediction_id.decode(),
                int(at_ms),
                digest,
                version.decode(),
                int(digit),
                int(confidence) / PARTS,
                accepted == b"1",
                cache.decode().rstrip(),
                int(latency_us),
                None,
            )
    except struct.error as error:
        raise ValueError(f"{len(rows)} bytes are no packed rows") from error

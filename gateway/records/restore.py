"""A backup put back, into either kind of database, whether gateways run or not: the file is verified whole first; what is there stays."""

import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from gateway.records.backup import FORMAT, TABLES
from gateway.records.batch import AlertRow, Batch, ChangeRow, LabelRow, pixels_from_json, prediction_from_json
from gateway.records.revision import NEWEST
from gateway.records.store import Sink, in_a_line

BATCH_ROWS = 2_000
ALIKE = ("0003", "0004", NEWEST)
"""Revisions whose rows in a backup are the same."""

LONGEST_LINE = 2**16

ROWS: dict[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "predictions": ("predictions", prediction_from_json),
    "label_changes": ("restored_changes", lambda row: ChangeRow(*row)),
    "labels": ("restored_labels", lambda row: LabelRow(*row)),
    "pixels": ("pixels", pixels_from_json),
    "alerts": ("restored_alerts", lambda row: AlertRow(*row)),
}
"""By table: the batch's list that takes its rows, and how one is read."""


class BackupDamaged(Exception):
    """The file is no whole backup that this code can read; the message says why, in one line."""


def restore(file: Path, open_sink: Callable[[], Sink], progressed: Callable[[int], object] = lambda rows: None) -> dict[str, int]:
    """Rows of each table in `file`, all of which are in the database now. One that was there is as it was.

    Raises BackupDamaged, and then nothing was written; OSError where the file cannot be read; RecordsUnavailable, and then some rows may
    have been written and doing it again is safe.
    """
    with file.open("rb") as raw:
        counts = Counter(dict.fromkeys(TABLES, 0))
        counts.update(table for table, _ in verified(raw))
        raw.seek(0)
        sink = open_sink()
        try:
            for batch in _batches(verified(raw)):
                sink.write(batch)
                progressed(len(batch))
        finally:
            sink.close()
    return dict(counts)


def verified(raw: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """(table, row) of each line. Raises BackupDamaged, for what only the end can tell at the end."""
    try:
        yield from _rows(raw)
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError, TypeError, LookupError) as error:
        raise BackupDamaged(f"this is no whole backup of records: {in_a_line(error)}") from error


def _rows(raw: IO[bytes]) -> Iterator[tuple[str, Any]]:
    digest = hashlib.sha256()
    counts: Counter[str] = Counter()
    with gzip.GzipFile(fileobj=raw) as packed:
        first = packed.readline(LONGEST_LINE)
        digest.update(first)
        _check_start(orjson.loads(first))
        while isinstance(line := orjson.loads(text := packed.readline(LONGEST_LINE)), list):
            digest.update(text)
            table, *values = line
            counts[table] += 1
            yield table, ROWS[table][1](values)
        if line["sha256"] != digest.hexdigest() or counts != Counter(line["rows"]):
            raise ValueError("its rows are not those that were written")
        if packed.read(1):
            raise ValueError("something follows its end")


def _check_start(said: dict[str, Any]) -> None:
    if said["format"] != FORMAT:
        raise ValueError(f"its format is {said['format']!r}")
    if said["revision"] not in ALIKE:
        raise BackupDamaged(f"the backup is of revision {said['revision']} and this gateway reads {NEWEST}")


def _batches(rows: Iterator[tuple[str, Any]]) -> Iterator[Batch]:
    batch = Batch()
    for number, (table, row) in enumerate(rows, 1):
        getattr(batch, ROWS[table][0]).append(row)
        if number % BATCH_ROWS == 0:
            yield batch
            batch = Batch()
    if len(batch):
        yield batch

"""All records in one file, as of one moment, taken while they are written; its end tells whether it is whole.

The file is gzip'd JSON lines: what it is, a line for each row, and how many rows there are with the SHA-256 of all before it.
"""

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from gateway.records.batch import row_to_json
from gateway.records.reader import reading_engine
from gateway.records.revision import NEWEST, revision
from gateway.records.store import DRIVER_ERRORS, RecordsUnavailable, in_a_line
from gateway.records.tables import alerts, label_changes, labels, pixels, predictions

FORMAT = "digitserve records 1"
TABLES = {"predictions": predictions, "label_changes": label_changes, "labels": labels, "pixels": pixels, "alerts": alerts}
"""In the order of the file: a label is never put back before its history."""

CHUNK_ROWS = 2_000
COMPRESSION = 3
"""Of 1 to 9. Digests and ids cannot be made smaller, and the rest is small at once."""


def backup(url: URL, file: Path, progressed: Callable[[int], object] = lambda rows: None) -> dict[str, int]:
    """How many rows of each table are in `file` now. It must not be there before; until it is whole it is called `file`.partial.

    `progressed` is told of rows as they are written. Raises RecordsUnavailable, also where the file cannot be written.
    """
    with new_file(file) as packed, snapshot(url) as connection:
        return _write(connection, packed, progressed)


@contextmanager
def new_file(file: Path) -> Iterator[gzip.GzipFile]:
    """What is packed into `file`, which is there only once it is whole. Raises RecordsUnavailable, also for what fails meanwhile."""
    if file.exists():
        raise RecordsUnavailable(f"{file} is there already and is not overwritten")
    partial = file.with_name(f"{file.name}.partial")
    try:
        with open(partial, "xb", opener=_for_us_alone) as raw:
            try:
                with gzip.GzipFile("", "wb", COMPRESSION, raw) as packed:
                    yield packed
                raw.flush()
                os.fsync(raw.fileno())
                partial.rename(file)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise RecordsUnavailable(f"{partial} is there: another such file is being made, or whoever made it was killed") from None
    except DRIVER_ERRORS as error:
        raise RecordsUnavailable(in_a_line(error)) from error


def _write(connection: Connection, packed: gzip.GzipFile, progressed: Callable[[int], object]) -> dict[str, int]:
    digest = hashlib.sha256()
    counts = dict.fromkeys(TABLES, 0)

    def put(lines: bytes) -> None:
        digest.update(lines)
        packed.write(lines)

    put(line({"format": FORMAT, "revision": NEWEST, "at": datetime.now(UTC).isoformat(timespec="seconds")}))
    for name, table in TABLES.items():
        for rows in connection.execute(select(table)).partitions(CHUNK_ROWS):
            put(b"".join(line([name, *row_to_json(row)]) for row in rows))
            counts[name] += len(rows)
            progressed(len(rows))
    packed.write(line({"rows": counts, "sha256": digest.hexdigest()}))
    return counts


@contextmanager
def snapshot(url: URL) -> Iterator[Connection]:
    """A transaction that sees all tables as they are at its first query, and hands out rows as they are asked for."""
    engine = reading_engine(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # else each query is a transaction of its own
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            found, wanted = revision(connection), NEWEST
            if found != wanted:
                raise RecordsUnavailable(f"the database is at revision {found} and not at {wanted}; run `python -m gateway migrate`")
            yield connection.execution_options(yield_per=CHUNK_ROWS)
    finally:
        engine.dispose()


def line(value: Any) -> bytes:
    """One row of such a file."""
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

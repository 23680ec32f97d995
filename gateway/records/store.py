"""One connection that writes: a batch is committed whole and durably, or not at all. The driver is called directly, with SQL made once."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import Table, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gateway.prediction_id import first_id_at, milliseconds_of
from gateway.records.batch import Batch, LabelOutcome, LabelRow, LabelState
from gateway.records.packed import INSERT, unpacked
from gateway.records.revision import bring_up_to_date
from gateway.records.statements import Statements
from gateway.records.tables import alerts, label_changes, labels, pixels, predictions, stages

BUSY_SECONDS = 2.0
"""How long a lock that somebody else holds is waited for."""

CONNECT_SECONDS = 3
STATEMENT_MS = 5_000
SECONDS_A_DAY = 86_400
CHUNK_ROWS = 10_000
"""Deleted in one transaction; writes wait for no more."""

MOST_ROWS_A_STATEMENT = 128
"""A power of two, like all sizes that are used: eight statements a table, each made once, write any batch, few of them a small one."""

LAST_ID = "w" * 48
"""After every id: base32hex ends at v."""

SQLITE_USED = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
FEEDBACK: Literal["feedback"] = "feedback"
AUDIT: Literal["audit"] = "audit"
DRIVER_ERRORS = (sqlite3.Error, DBAPIError, OSError)
"""Of SQLite, of either driver through sqlalchemy, and of the system."""


class RecordsUnavailable(Exception):
    """The database cannot be written or read now; the message says why, in one line."""


@dataclass(frozen=True)
class Retention:
    """How long predictions and their labels are kept, and how much room they may take; what is older or more goes, oldest first."""

    days: float
    bytes: int

    def oldest_ms(self) -> int:
        """The time now that is not older than that."""
        return int((time.time() - self.days * SECONDS_A_DAY) * 1000)


class RowsRefused(Exception):
    """Something in the batch can never be written: too long, no text, out of range. Nothing of it was."""


class Sink(Protocol):
    """Where batches go. Everything here blocks: it is called from a thread of its own."""

    def write(self, batch: Batch) -> list[LabelOutcome]:
        """Commit the batch; what became of its labels, in order.

        Raises RecordsUnavailable and RowsRefused, and then nothing of it was acknowledged.
        """

    def tidy(self, retention: Retention) -> int:
        """As `prune`, where that is this sink's business. Raises RecordsUnavailable."""

    def prune(self, retention: Retention) -> int:
        """Delete the oldest thousands of what retention says to, whoever's business it is; 0: that is done. Raises RecordsUnavailable."""

    def close(self) -> None: ...


class Errors(NamedTuple):
    """How a driver says that something in a batch can never be written, and that it cannot be now."""

    refusing: tuple[type[Exception], ...]
    failing: tuple[type[Exception], ...]


class Store:
    """A `Sink` over one open connection, SQLite's or PostgreSQL's."""

    def __init__(self, connection: Any, sql: Statements, errors: Errors, file: Path | None = None) -> None:
        self._connection, self._sql, self._errors = connection, sql, errors
        self._file, self._inode = file, file and file.stat().st_ino
        self._sqlite = sql.dialect.name == "sqlite"

    def write(self, batch: Batch) -> list[LabelOutcome]:
        try:
            if self._file is not None and self._file.stat().st_ino != self._inode:
                raise RecordsUnavailable(f"{self._file} was replaced")
            with closing(self._connection.cursor()) as cursor, self._transaction(cursor):
                return self._write(cursor, batch)
        except self._errors.refusing as error:
            raise RowsRefused(in_a_line(error)) from error
        except self._errors.failing as error:
            raise RecordsUnavailable(in_a_line(error)) from error

    def tidy(self, retention: Retention) -> int:
        return self.prune(retention)

    def prune(self, retention: Retention) -> int:
        return self._prune(retention.oldest_ms(), retention.bytes)

    def _prune(self, oldest_ms: int, most_bytes: int) -> int:
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(self._sql.delete_old_alerts, (oldest_ms,))
                deleted = self._delete_before(cursor, oldest_ms)
                if not deleted and (too_much := self.used_bytes() - most_bytes) > 0:
                    deleted = self._delete_first(cursor, too_much)
                if deleted and self._sqlite:
                    cursor.executescript("PRAGMA incremental_vacuum")  # execute() would stop after one page
                if self._sqlite:
                    cursor.execute("PRAGMA busy_timeout = 0")  # whoever reads for long, as a backup does, is not waited for
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
                return deleted
        except self._errors.failing as error:
            raise RecordsUnavailable(in_a_line(error)) from error

    def used_bytes(self) -> int:
        """What the rows of all tables take, indices included."""
        return int(self._connection.execute(SQLITE_USED).fetchone()[0])

    def _delete_before(self, cursor: Any, oldest_ms: int) -> int:
        """Some of what is older; how many predictions that were."""
        return self._delete_oldest(cursor, first_id_at(oldest_ms))

    def _delete_first(self, cursor: Any, too_much: int) -> int:
        """Some of the oldest, where so many bytes are too much; how many predictions that were."""
        return self._delete_oldest(cursor, LAST_ID)

    def _delete_oldest(self, cursor: Any, before: str) -> int:
        """Delete a chunk of the oldest predictions with ids under `before`, with their labels; how many this was who deleted."""
        while (last := self._last_of_a_chunk(cursor, before)) is not None:
            with self._transaction(cursor):
                cursor.execute(self._sql.delete_predictions_up_to, (last,))
                deleted = int(cursor.rowcount)
                for statement in self._sql.delete_labels_up_to:
                    cursor.execute(statement, (last,))
                cursor.execute(self._sql.delete_old_pixels, (milliseconds_of(last),))
            if deleted:  # else another gateway was here first, and counts them
                return deleted
        return 0

    def _last_of_a_chunk(self, cursor: Any, before: str) -> str | None:
        cursor.execute(self._sql.oldest, (before, CHUNK_ROWS))
        ids = cursor.fetchall()
        return ids[-1][0] if ids else None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self, cursor: Any) -> Iterator[None]:
        try:
            cursor.execute(self._sql.begin)
            yield
            cursor.execute("COMMIT")
        except BaseException:
            with suppress(*self._errors.failing):  # it says less than what went wrong before
                cursor.execute("ROLLBACK")
            raise

    def _write(self, cursor: Any, batch: Batch) -> list[LabelOutcome]:
        self._insert(cursor, predictions, batch.predictions)
        self._insert_packed(cursor, b"".join(batch.packed))
        self._insert(cursor, pixels, batch.pixels)
        for alert in batch.alerts:
            cursor.execute(self._sql.put_alert, alert)
        self._insert(cursor, label_changes, batch.restored_changes)
        self._insert(cursor, labels, batch.restored_labels)
        self._insert(cursor, alerts, batch.restored_alerts)
        self._insert(cursor, stages, batch.stages)
        return [self._label(cursor, row) for row in batch.labels]

    def _insert(self, cursor: Any, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """SQLite's driver lets go of the interpreter's lock for each step of a statement, and a busy event loop gives it back after up to
        5 ms: a statement a row would write no more than some hundreds of rows a second, and slow the loop down. A batch of PostgreSQL's
        travels as one anyway."""
        if not self._sqlite and rows:
            cursor.executemany(self._sql.insert(table), rows)
            return
        done = 0
        while left := len(rows) - done:
            size = min(MOST_ROWS_A_STATEMENT, 1 << (left.bit_length() - 1))
            cursor.execute(self._sql.insert(table, size), [value for row in rows[done : done + size] for value in row])
            done += size

    def _insert_packed(self, cursor: Any, rows: bytes) -> None:
        if self._sqlite and rows:
            cursor.execute(INSERT, (rows,))
        else:
            self._insert(cursor, predictions, list(unpacked(rows)))

    def _label(self, cursor: Any, row: LabelRow) -> LabelOutcome:
        cursor.execute(self._sql.get_change, (row.token,))
        if (change := cursor.fetchone()) is not None:  # written before, and its answer was lost
            return LabelOutcome(LabelState.STORED, change[0])
        cursor.execute(self._sql.insert(labels), row)
        if cursor.rowcount == 1:
            return self._changed(cursor, row, None)
        cursor.execute(self._sql.get_label, (row.id,))
        found = cursor.fetchone()
        if found is None:  # another process of PostgreSQL's tidied it away just now
            return self._label(cursor, row)
        [label] = found
        if label == row.label:
            return LabelOutcome(LabelState.SAME, label)
        if row.source != AUDIT:
            return LabelOutcome(LabelState.CONFLICT, label)
        cursor.execute(self._sql.update_label, (row.label, row.source, row.at_ms, row.caller, row.token, row.id))
        return self._changed(cursor, row, label)

    def _changed(self, cursor: Any, row: LabelRow, previous: int | None) -> LabelOutcome:
        cursor.execute(self._sql.insert(label_changes), (row.token, row.id, previous, row.label, row.source, row.at_ms, row.caller))
        return LabelOutcome(LabelState.STORED, previous)


SQLITE_ERRORS = Errors(refusing=(ValueError, OverflowError), failing=DRIVER_ERRORS)


def prune_all(sink: Sink, retention: Retention) -> int:
    """Delete all that retention says to; how many predictions that were. Others write between the chunks. Raises RecordsUnavailable."""
    deleted = 0
    while chunk := sink.prune(retention):
        deleted += chunk
    return deleted


def open_sqlite(path: Path) -> Store:
    """The database in this file, made or brought up to date. Only the elected writer may call it. Raises RecordsUnavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(sqlite3.connect(path)) as fresh:  # before anything is in it, or it has no effect
                fresh.execute("PRAGMA auto_vacuum = INCREMENTAL")
                fresh.execute("VACUUM")
        engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
        bring_up_to_date(engine)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except DRIVER_ERRORS as error:
        raise RecordsUnavailable(f"{path}: {in_a_line(error)}") from error
    return Store(connection, Statements(sqlite.dialect(paramstyle="qmark"), sqlite.insert), SQLITE_ERRORS, path)


def in_a_line(error: BaseException) -> str:
    """What a driver said, without its line breaks, its SQL and its links."""
    said: Iterable[str] = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {next(iter(said), '')}".rstrip(": ")

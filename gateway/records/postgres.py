"""Records in PostgreSQL: all that knows its driver, which is imported only where records are kept there."""

import logging
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from gateway.prediction_id import first_id_at, milliseconds_of
from gateway.records.batch import Batch, LabelOutcome
from gateway.records.partitions import COUNT_NOW, DAY_MS, Partition, Partitions
from gateway.records.revision import NEWEST, revision
from gateway.records.silence import impatient, impatient_engine
from gateway.records.statements import Statements
from gateway.records.store import (
    CHUNK_ROWS,
    DRIVER_ERRORS,
    STATEMENT_MS,
    Errors,
    RecordsUnavailable,
    Retention,
    Store,
    in_a_line,
)

log = logging.getLogger(__name__)

OLDEST = 15
ERRORS = Errors(refusing=(psycopg.DataError, ValueError, OverflowError), failing=(*DRIVER_ERRORS, psycopg.Error))

PREDICTION_BYTES = 550
USED = f"""
SELECT coalesce(sum(pg_stat_get_live_tuples(coalesce(inhrelid, name::regclass)) * bytes), 0)::bigint
FROM (VALUES ('predictions', {PREDICTION_BYTES}), ('labels', 220), ('label_changes', 245), ('pixels', 970)) AS rows (name, bytes)
LEFT JOIN pg_inherits ON inhparent = name::regclass
"""
"""Rows, as the server counts them, by what one takes with its indices. Files would tell less: they don't shrink when rows go, their room
is used again once autovacuum has been there, so a limit on them would delete again and again."""

FIRST = "SELECT id FROM predictions ORDER BY id LIMIT 1"
LABELS_UNDER = "DELETE FROM labels WHERE id IN (SELECT id FROM labels WHERE id < %s ORDER BY id LIMIT %s)"
CHANGES_UNDER = "DELETE FROM label_changes WHERE token IN (SELECT token FROM label_changes WHERE id < %s ORDER BY id LIMIT %s)"
PIXELS_UNDER = "DELETE FROM pixels WHERE digest IN (SELECT digest FROM pixels WHERE at_ms < %s ORDER BY at_ms LIMIT %s)"


class PostgresStore(Store):
    """A `Store` that keeps predictions in partitions, and drops whole ones where it can instead of deleting their rows."""

    def __init__(self, connection: "psycopg.Connection[Any]", sql: Statements) -> None:
        super().__init__(connection, sql, ERRORS)
        self._partitions = Partitions(connection)
        self._make(self._partitions.make_ahead)

    def write(self, batch: Batch) -> list[LabelOutcome]:
        if batch.predictions:  # out of a backup: those made now have their partition
            self._make(lambda: self._partitions.make_for(row.at_ms for row in batch.predictions))
        return super().write(batch)

    def tidy(self, retention: Retention) -> int:
        """A day is kept until all of it is older, and then dropped: hour by hour its rows would have to be deleted one by one."""
        self._make(self._partitions.make_ahead)
        return self._prune(retention.oldest_ms() // DAY_MS * DAY_MS, retention.bytes)

    def used_bytes(self) -> int:
        """Give or take a fifth."""
        self._connection.execute(COUNT_NOW)
        return int(self._connection.execute(USED).fetchone()[0])

    def _delete_before(self, cursor: Any, oldest_ms: int) -> int:
        for partition in self._partitions.ended(first_id_at(oldest_ms)):
            rows = self._drop(cursor, partition)
            if rows != 0:
                return rows or 0
        return super()._delete_before(cursor, oldest_ms)

    def _delete_first(self, cursor: Any, too_much: int) -> int:
        """The oldest partition is dropped if what is left is still too much, or just enough."""
        row = cursor.execute(FIRST).fetchone()
        ended = self._partitions.ended(first_id_at(int(time.time() * 1000)))
        holding = next((each for each in ended if row is not None and each.first <= row[0] < each.end), None)
        if holding is not None and self._partitions.rows(holding) * PREDICTION_BYTES <= too_much:
            return self._drop(cursor, holding) or 0
        return super()._delete_first(cursor, too_much)

    def _drop(self, cursor: Any, partition: Partition) -> int | None:
        """How many predictions went with it, and after it their labels and pixels; None: it is not to be dropped now."""
        rows = self._partitions.drop(partition)
        if rows is None:
            return None
        end_ms = milliseconds_of(partition.end)
        for statement, end in ((LABELS_UNDER, partition.end), (CHANGES_UNDER, partition.end), (PIXELS_UNDER, end_ms)):
            while cursor.execute(statement, (end, CHUNK_ROWS)).rowcount == CHUNK_ROWS:
                pass
        return rows

    def _make(self, make: Callable[[], None]) -> None:
        try:
            make()
        except psycopg.Error as error:
            log.warning("a partition cannot be made, the default one takes its rows meanwhile: %s", in_a_line(error))


def open_postgres(url: URL) -> Store:
    """Raises RecordsUnavailable, also where the database is at another revision than this code."""
    engine = impatient_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = revision(connection)
        if found != NEWEST:
            raise RecordsUnavailable(
                f"the database is at revision {found} and this gateway needs {NEWEST}; run `python -m gateway migrate`"
            )
        raw = impatient(url, options=f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={STATEMENT_MS}")
        major = raw.info.server_version // 10_000
        if major < OLDEST:
            raw.close()
            raise RecordsUnavailable(f"this is PostgreSQL {major} and {OLDEST} or newer is needed")
        dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        return PostgresStore(raw, Statements(dialect, postgresql.insert))
    except ERRORS.failing as error:
        raise RecordsUnavailable(in_a_line(error)) from error

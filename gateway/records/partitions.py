"""Predictions in PostgreSQL lie in a partition for each day (UTC), made ahead of it and dropped whole when its time is over.

No row waits for its partition: what none takes goes into the default one. That is where a clock that is off writes, an old backup comes
back, and a day goes on whose partition cannot be made yet. Several gateways may do all of this at once.
"""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from gateway.prediction_id import first_id_at

DAY_MS = 86_400_000
DEFAULT = "predictions_default"
MOST_DAYS_BACK = 400
"""Older days, which a restored backup may hold, get no partition: each costs every query on all days a little."""

MOST_MOVED = 20_000
"""Rows that a new partition takes over from the default one, which nobody reads or writes meanwhile."""

LOCK = int.from_bytes(b"days", "big")
LOCK_MS = 1_500
"""Whoever comes after one who waits for a lock waits too, so it is not long; after a second the server takes locks from autovacuum."""

LONG_SECONDS = 2
BOUNDS = re.compile(r"FROM \((?:'(\w+)'|MINVALUE)\) TO \('(\w+)'\)")

ALL = """
SELECT inhrelid::regclass::text, pg_get_expr(relpartbound, inhrelid)
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'predictions'::regclass"""

ROWS = "SELECT coalesce(nullif(pg_stat_get_live_tuples(oid), 0), greatest(reltuples, 0))::bigint FROM pg_class WHERE oid = to_regclass(%s)"
"""As the server counts them; what it last estimated where a crash has made it forget."""

COUNT_NOW = "SELECT pg_stat_force_next_flush()"
"""Else the server counts this session's rows once a second."""

IS_OURS = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'predictions'::regclass"

READ_FOR_LONG = f"""
SELECT EXISTS (
    SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = 'predictions'::regclass AND datname = current_database() AND xact_start < now() - interval '{LONG_SECONDS} seconds'
)"""


class Partition(NamedTuple):
    """`first` is the least id that it takes, `end` the least after it that it does not."""

    name: str
    first: str
    end: str


class Partitions:
    """Over the connection that writes. All raise psycopg's errors."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self.are_ours = bool(self._one(IS_OURS))
        """Whether this user owns the table. Who does not can neither make partitions nor drop them."""

    def make_ahead(self) -> None:
        """Those of today and tomorrow."""
        today = _today()
        self.make([today, today + 1])

    def make_for(self, times_ms: Iterable[int]) -> None:
        """Those of past days."""
        today = _today()
        days = {time_ms // DAY_MS for time_ms in times_ms}
        self.make(day for day in days if today - MOST_DAYS_BACK <= day <= today)

    def make(self, days: Iterable[int]) -> None:
        """Of these days, counted since 1970, those that no partition takes yet, and that it can make now."""
        if self.are_ours:
            there = self._all()
            for day in sorted(days):
                wanted = _partition(day)
                if all(wanted.end <= each.first or each.end <= wanted.first for each in there):
                    self._make(wanted)

    def ended(self, by: str) -> list[Partition]:
        """Those that take only ids under `by`, oldest first."""
        return [each for each in self._all() if each.end <= by] if self.are_ours else []

    def rows(self, partition: Partition) -> int:
        """How many it holds, as far as the server knows."""
        self._one(COUNT_NOW)
        return self._rows(partition)

    def drop(self, partition: Partition) -> int | None:
        """How many rows went with it, as `rows` says; none where another gateway was here first, which counts them. None: its time has
        not come, because somebody reads for long, as a backup does: while the lock were waited for, nobody could write."""
        if self._one(READ_FOR_LONG):
            return None
        self._one(COUNT_NOW)
        try:
            with self._one_at_a_time():
                rows = self._rows(partition)
                self._connection.execute(f"DROP TABLE IF EXISTS {partition.name}".encode())
        except psycopg.errors.LockNotAvailable:
            return None
        return rows

    def _make(self, wanted: Partition) -> None:
        """It is attached when it is whole, since a table made as a partition at once would keep writers and readers of all others out."""
        inside = (wanted.first, wanted.end)
        waiting = self._one(
            f"SELECT count(*) FROM (SELECT FROM {DEFAULT} WHERE id >= %s AND id < %s LIMIT {MOST_MOVED + 1}) AS found", *inside
        )
        if waiting > MOST_MOVED or self._one(READ_FOR_LONG):
            return
        with self._one_at_a_time():
            if self._one("SELECT to_regclass(%s)", wanted.name) is not None:
                return  # another gateway was here first
            for statement in (
                f"CREATE TABLE {wanted.name} (LIKE predictions INCLUDING ALL)",
                f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE",
                f"WITH moved AS (DELETE FROM {DEFAULT} WHERE id >= '{wanted.first}' AND id < '{wanted.end}' RETURNING *) "
                f"INSERT INTO {wanted.name} SELECT * FROM moved",
                f"ALTER TABLE predictions ATTACH PARTITION {wanted.name} FOR VALUES FROM ('{wanted.first}') TO ('{wanted.end}')",
            ):
                self._connection.execute(statement.encode())

    def _rows(self, partition: Partition) -> int:
        return int(self._one(ROWS, partition.name) or 0)

    def _all(self) -> list[Partition]:
        """All but the default one, oldest first."""
        found = self._connection.execute(ALL.encode()).fetchall()
        bounds = [(name, BOUNDS.search(bound or "")) for name, bound in found]  # none of one that is being dropped
        there = [Partition(name, bound[1] or "", bound[2]) for name, bound in bounds if bound is not None]
        return sorted(there, key=lambda partition: partition.first)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._connection.transaction():
            self._connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}".encode())
            self._connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})".encode())
            yield

    def _one(self, query: str, *parameters: object) -> Any:
        """The one value that it tells, None where there is no row."""
        row = self._connection.execute(query.encode(), parameters or None).fetchone()
        return row and row[0]


def _partition(day: int) -> Partition:
    name = datetime.fromtimestamp(day * DAY_MS / 1000, UTC).strftime("predictions_%Y%m%d")
    return Partition(name, first_id_at(day * DAY_MS), first_id_at((day + 1) * DAY_MS))


def _today() -> int:
    return int(time.time() * 1000) // DAY_MS

"""What the records say, for audits: one prediction with the history of its label, or pages of them by filters. Writes nothing."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Engine, Select, SmallInteger, and_, column, create_engine, select, true, values
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.functions import count

from gateway.prediction_id import first_id_at
from gateway.records.batch import AlertRow
from gateway.records.store import CONNECT_SECONDS, DRIVER_ERRORS, STATEMENT_MS, RecordsUnavailable, in_a_line
from gateway.records.tables import alerts, label_changes, labels, pixels, predictions

READERS = 2
"""Threads, and so connections: PostgreSQL's are kept open, and no more are opened."""

IDLE_SECONDS = 300
"""After which a connection of PostgreSQL's is opened anew: what lies between may have forgotten it."""

INSTRUCTIONS = 10_000
"""Of SQLite's machine between two looks at the clock: a millisecond or so."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One prediction, or what is left of it: all but `id` are None where only its label is known."""

    id: str
    at_ms: int | None
    digest: bytes | None
    model_version: str | None
    digit: int | None
    confidence: float | None
    accepted: bool | None
    cache: str | None
    latency_us: int | None
    caller: str | None
    label: int | None
    label_source: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One label that was given; `previous` is None for the first."""

    label: int
    previous: int | None
    source: str
    at_ms: int
    caller: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which predictions; None asks nothing. Times are milliseconds since 1970, `since` inclusive, `until` exclusive."""

    since_ms: int | None = None
    until_ms: int | None = None
    digit: int | None = None
    label: int | None = None
    model_version: str | None = None
    disagreements: bool = False
    """Only those whose label is another digit than the one that was answered."""

    labelled_since_ms: int | None = None
    """Only those whose label was given, or corrected, from this time on; it may be long after the answer."""


class Reader:
    """Queries in threads of their own, on connections that may only read."""

    def __init__(self, url: URL) -> None:
        self._engine = reading_engine(url)
        self._closed = False
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="records-reader")

    async def get(self, prediction_id: str) -> tuple[Recorded | None, list[Change]]:
        """The prediction, None where it is not recorded (yet, or any more), and its labels, oldest first. Raises RecordsUnavailable."""

        def ask(connection: Connection) -> tuple[Recorded | None, list[Change]]:
            found = connection.execute(_columns().where(predictions.c.id == prediction_id)).one_or_none()
            history = (
                select(label_changes)
                .where(label_changes.c.id == prediction_id)
                .order_by(label_changes.c.at_ms, label_changes.c.previous.is_not(None))
            )
            changes = [Change(row.label, row.previous, row.source, row.at_ms, row.caller) for row in connection.execute(history)]
            return (None if found is None else Recorded(*found)), changes

        return await self._ask(ask)

    async def page(self, filters: Filters, *, before: str | None, limit: int) -> list[Recorded]:
        """At most `limit`, newest first, from before the id `before` on. Raises RecordsUnavailable."""

        def ask(connection: Connection) -> list[Recorded]:
            is_postgres = connection.dialect.name == "postgresql"
            if is_postgres and not _is_about_labels(filters):
                connection.exec_driver_sql("SET LOCAL enable_sort = off")  # an index has each of these in order
            return [Recorded(*row) for row in connection.execute(_page(filters, before, limit, is_postgres))]

        return await self._ask(ask)

    async def kept_pixels(self, digest: bytes) -> bytes | None:
        """The canonical pixels, 784 bytes, that somebody let us keep. Raises RecordsUnavailable."""
        query = select(pixels.c.pixels).where(pixels.c.digest == digest)
        return await self._ask(lambda connection: next((bytes(kept) for (kept,) in connection.execute(query)), None))

    async def alert(self, key: str) -> AlertRow | None:
        """What was kept under this key. Raises RecordsUnavailable."""
        query = select(alerts).where(alerts.c.key == key)
        return await self._ask(lambda connection: next((AlertRow(*row) for row in connection.execute(query)), None))

    async def alerts(self, limit: int) -> list[AlertRow]:
        """The newest, newest first. Raises RecordsUnavailable."""
        query = select(alerts).order_by(alerts.c.starts_ms.desc(), alerts.c.key).limit(limit)
        return await self._ask(lambda connection: [AlertRow(*row) for row in connection.execute(query)])

    async def labelled(self, since_ms: int) -> int:
        """How many predictions were labelled since then. Raises RecordsUnavailable."""
        query = select(count()).select_from(labels).where(labels.c.at_ms >= since_ms)
        return await self._ask(lambda connection: int(connection.execute(query).scalar_one()))

    def close(self) -> None:
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _limit(self, connection: Connection) -> None:
        """PostgreSQL has its statement_timeout; SQLite is asked now and then whether to go on."""
        if self._engine.dialect.name == "sqlite":
            until = time.monotonic() + STATEMENT_MS / 1000
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_progress_handler(lambda: self._closed or time.monotonic() > until, INSTRUCTIONS)

    async def _ask(self, ask: Callable[[Connection], T]) -> T:
        def run() -> T:
            try:
                with self._engine.connect() as connection:
                    self._limit(connection)
                    return ask(connection)
            except DRIVER_ERRORS as error:
                raise RecordsUnavailable(in_a_line(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)


def reading_engine(url: URL) -> Engine:
    """Connections that may only read, and do not make a database that is not there."""
    if url.get_backend_name() == "sqlite":
        address = url.set(database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
        return create_engine(address, poolclass=NullPool, connect_args={"uri": True})
    from gateway.records.silence import impatient_engine  # which imports the driver

    return impatient_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,  # a server that was restarted costs no query
        pool_recycle=IDLE_SECONDS,
        connect_args={"options": READ_ONLY, "prepare_threshold": None},
    )


READ_ONLY = " ".join(
    f"-c {option}"
    for option in (
        "default_transaction_read_only=on",
        f"statement_timeout={STATEMENT_MS}",
        "enable_hashjoin=off",
        "enable_mergejoin=off",
        "enable_bitmapscan=off",
        "jit=off",
    )
)
"""A page is read along an index, which has its rows in order, and what belongs to each is looked up. The server would guess how much
else there is, and where it guesses wrong, or has not counted yet, sort a whole day to find a hundred. Nor is a statement prepared: it
would be planned for all partitions."""


def _columns(from_labels: bool = False) -> Select[Any]:
    base, other = (labels, predictions) if from_labels else (predictions, labels)
    own = [column for column in predictions.columns if column.name != "id"]
    return select(base.c.id, *own, labels.c.label, labels.c.source).select_from(base.outerjoin(other, base.c.id == other.c.id))


def _is_about_labels(filters: Filters) -> bool:
    return filters.disagreements or filters.label is not None or filters.labelled_since_ms is not None


def _page(filters: Filters, before: str | None, limit: int, is_postgres: bool) -> Select[Any]:
    labelled = _is_about_labels(filters)
    base = labels if labelled else predictions
    digit = labels.c.predicted if labelled else predictions.c.digit
    wanted = [
        None if filters.since_ms is None else base.c.id >= first_id_at(filters.since_ms),
        None if filters.until_ms is None else base.c.id < first_id_at(filters.until_ms),
        None if before is None else base.c.id < before,
        None if filters.digit is None else digit == filters.digit,
        None if filters.label is None else labels.c.label == filters.label,
        None if filters.model_version is None else base.c.model_version == filters.model_version,
        labels.c.label != labels.c.predicted if filters.disagreements else None,
        None if filters.labelled_since_ms is None else labels.c.at_ms >= filters.labelled_since_ms,
    ]
    conditions = [condition for condition in wanted if condition is not None]
    if is_postgres and filters.model_version is not None and filters.digit is None and not labelled:
        return _of_a_version(conditions, limit)
    query = _columns(from_labels=labelled)
    return (query.where(and_(*conditions)) if conditions else query).order_by(base.c.id.desc()).limit(limit)


def _of_a_version(conditions: list[ColumnElement[bool]], limit: int) -> Select[Any]:
    """Their index, which PostgreSQL alone has, has versions by digit, so it is looked into ten times; one more index would be as large as
    the rows. Each digit is read only as far as `limit`, and all are asked for at once, else it would plan ten times for all days.
    """
    digits = values(column("digit", SmallInteger), name="digits").data([(digit,) for digit in range(10)])
    newest = select(predictions.c.id).where(*conditions, predictions.c.digit == digits.c.digit)
    each = newest.order_by(predictions.c.id.desc()).limit(limit).lateral()
    ids = select(each.c.id).select_from(digits.join(each, true())).subquery()
    page = select(ids.c.id).order_by(ids.c.id.desc()).limit(limit).subquery()
    found = page.join(predictions, predictions.c.id == page.c.id).outerjoin(labels, labels.c.id == page.c.id)
    return select(*predictions.columns, labels.c.label, labels.c.source).select_from(found).order_by(page.c.id.desc())

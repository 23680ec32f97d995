"""A PostgreSQL that is frozen takes what is sent and says nothing; one whose host is gone takes nothing. Nobody waits long for either."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial

import pytest
from sqlalchemy import Connection
from sqlalchemy.pool import NullPool

from gateway.metrics import Metrics
from gateway.records.batch import Batch, LabelState
from gateway.records.database import database_url, open_sink
from gateway.records.postgres import open_postgres
from gateway.records.reader import Filters, Reader, reading_engine
from gateway.records.recorder import Recorder
from gateway.records.silence import SILENT_SECONDS, impatient, patient_engine
from gateway.records.store import CONNECT_SECONDS, STATEMENT_MS, RecordsUnavailable, Retention, Store
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.postgres import PostgresServer
from tests.gateway.records.rows import NOON_MS, label, noted, prediction, waiting
from tests.gateway.torchserve_double import until

pytestmark = [pytest.mark.system, pytest.mark.anyio]

SECONDS = 0.5
"""What is waited here instead of SILENT_SECONDS."""

BUSY_SECONDS = 2.0


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    return new_database("postgresql")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records.silence.SILENT_SECONDS", SECONDS)


@pytest.fixture
def reader(store: Store, database: Database) -> Iterator[Reader]:
    with closing(Reader(database_url(database.text))) as reader:
        yield reader


def test_the_server_ends_a_statement_before_it_counts_as_silent() -> None:
    assert STATEMENT_MS / 1000 + BUSY_SECONDS < SILENT_SECONDS


def of_the_socket(number: int) -> tuple[int, ...]:
    with socket.socket(fileno=number) as line:
        try:
            options = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            return tuple(line.getsockopt(socket.IPPROTO_TCP, option) for option in options)
        finally:
            line.detach()


def test_the_system_gives_a_vanished_host_as_long_and_a_url_may_say_otherwise(store: Store, database: Database) -> None:
    url = database_url(database.text)
    for engine in (reading_engine(url), patient_engine(url, poolclass=NullPool)):
        with engine.connect() as connection:
            assert of_the_socket(raw_socket(connection)) == (8_000, 4, 2, 2)
        engine.dispose()
    with closing(impatient(url)) as connection:
        assert of_the_socket(connection.fileno()) == (8_000, 4, 2, 2)
    with closing(impatient(database_url(f"{database.text}?tcp_user_timeout=1500"))) as connection:
        assert of_the_socket(connection.fileno()) == (1_500, 4, 2, 2)


def raw_socket(connection: Connection) -> int:
    raw = connection.connection.driver_connection
    assert raw is not None
    return int(raw.fileno())


def took(act: Callable[[], object]) -> float:
    started = time.monotonic()
    with suppress(RecordsUnavailable):
        act()
    return time.monotonic() - started


def test_a_write_to_a_frozen_server_is_given_up_in_a_line(store: Store, postgres: PostgresServer, hasty: None) -> None:
    with postgres.frozen():
        started = time.monotonic()
        with pytest.raises(RecordsUnavailable, match=r"^ServerSilent: nothing for 0.5 s$"):
            store.write(Batch(packed=[waiting(prediction())]))
        assert SECONDS <= time.monotonic() - started < SECONDS + BUSY_SECONDS
        with pytest.raises(RecordsUnavailable, match="closed"):
            store.write(Batch())


def test_a_large_batch_may_take_longer_while_the_server_speaks(store: Store, database: Database, hasty: None) -> None:
    """It does once it has 8 kB to say, which of rows that were written is some hundreds."""
    slow = "SELECT repeat('x', 8192) FROM pg_sleep(0.1)"
    with closing(impatient(database_url(database.text))) as connection:
        started = time.monotonic()
        with connection.pipeline():
            answers = [connection.execute(slow) for _ in range(10)]
        assert time.monotonic() - started > SECONDS
        assert all(answer.fetchone() for answer in answers)


def test_a_connection_to_a_frozen_server_is_given_up(store: Store, database: Database, postgres: PostgresServer) -> None:
    with postgres.frozen():
        assert took(lambda: open_postgres(database_url(database.text))) < CONNECT_SECONDS + BUSY_SECONDS


async def test_a_question_to_a_frozen_server_is_given_up_and_the_next_is_answered(
    reader: Reader, store: Store, postgres: PostgresServer, hasty: None
) -> None:
    row = prediction()
    store.write(Batch([row]))
    ask = partial(reader.page, Filters(), before=None, limit=10)
    await asyncio.gather(ask(), ask())
    with postgres.frozen():
        for told in await asyncio.gather(ask(), ask(), return_exceptions=True):
            assert isinstance(told, RecordsUnavailable), told
    assert [found.id for found in await ask()] == [row.id]


async def test_a_recorder_goes_on_when_the_server_thaws_and_writes_each_row_once(
    store: Store, database: Database, postgres: PostgresServer, hasty: None
) -> None:
    recorder = Recorder(partial(open_sink, database_url(database.text)), Metrics(), Retention(days=1e6, bytes=2**40))
    recorder.start()
    rows = [prediction(NOON_MS + number) for number in range(300)]
    for row in rows[:100]:
        recorder.record(noted(row))
    await recorder.settled()
    with postgres.frozen():
        for row in rows[100:]:
            recorder.record(noted(row))
        labelling = asyncio.create_task(recorder.label(label(rows[0], 4)))
        await until(lambda: recorder.failure, seconds=SECONDS + BUSY_SECONDS)
        assert not labelling.done()
    assert (await labelling).state is LabelState.STORED
    await recorder.settled()
    await recorder.close(5)
    assert sorted(stored[0] for stored in database.rows("predictions")) == [row.id for row in rows]
    assert len(database.rows("label_changes")) == 1

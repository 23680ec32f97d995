"""What only PostgreSQL does: many write at once, a server crashes and comes back, and somebody else has to migrate it."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import psycopg
import pytest

from gateway.metrics import Metrics
from gateway.records.batch import Batch, LabelOutcome, LabelRow, LabelState
from gateway.records.database import database_url, migrate_database, open_sink
from gateway.records.migrate import LOCK
from gateway.records.postgres import open_postgres
from gateway.records.reader import READERS, Filters, Reader
from gateway.records.recorder import Recorder
from gateway.records.revision import NEWEST
from gateway.records.store import RecordsUnavailable, Retention, Store, prune_all
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.postgres import PostgresServer
from tests.gateway.records.rows import NOON_MS, kept, label, noted, prediction
from tests.gateway.torchserve_double import until

pytestmark = [pytest.mark.system, pytest.mark.anyio]

ROUNDS = 20


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    return new_database("postgresql")


@pytest.fixture
def other(database: Database) -> Iterator[Store]:
    opened = database.open()
    yield opened
    opened.close()


def test_a_database_that_was_not_migrated_is_refused_with_the_command(database: Database) -> None:
    with pytest.raises(RecordsUnavailable, match=r"at revision None and this gateway needs [0-9]+; run `python -m gateway migrate`"):
        open_postgres(database_url(database.text))


def test_a_server_that_is_too_old_is_refused(store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records.postgres.OLDEST", 99)
    with pytest.raises(RecordsUnavailable, match=r"this is PostgreSQL \d\d and 99 or newer is needed"):
        open_postgres(database_url(database.text))


def test_a_server_that_is_not_there_is_unavailable_in_a_line() -> None:
    with pytest.raises(RecordsUnavailable, match=r"^OperationalError: [^\n]*refused[^\n]*$"):
        open_postgres(database_url("postgresql://nobody:secret@127.0.0.1:1/none"))


@pytest.mark.parametrize(("digits", "second"), [((4, 4), LabelState.SAME), ((4, 5), LabelState.CONFLICT)])
def test_of_two_labels_at_once_one_is_stored(
    store: Store, other: Store, database: Database, digits: tuple[int, int], second: LabelState
) -> None:
    both = Barrier(2)

    def give(through: Store, given: list[LabelRow]) -> list[LabelState]:
        states = []
        for row in given:
            both.wait(5)
            states += [outcome.state for outcome in through.write(Batch(labels=[row]))]
        return states

    rows = [prediction() for _ in range(ROUNDS)]
    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(give, (store, other), ([label(row, digit) for row in rows] for digit in digits)))
    assert [set(pair) for pair in zip(*told, strict=True)] == [{LabelState.STORED, second}] * ROUNDS
    assert len(database.rows("label_changes")) == ROUNDS


def test_of_two_corrections_at_once_the_history_is_a_chain(store: Store, other: Store, database: Database) -> None:
    row = prediction()
    store.write(Batch(labels=[label(row, 9)]))
    both = Barrier(2)

    def correct(through: Store, digit: int) -> LabelOutcome:
        both.wait(5)
        return through.write(Batch(labels=[label(row, digit, "audit")]))[0]

    with ThreadPoolExecutor(2) as threads:
        first, second = sorted(threads.map(correct, (store, other), (4, 5)), key=lambda outcome: outcome.previous != 9)
    assert (first.previous, {second.previous} < {4, 5}) == (9, True)
    [now] = database.rows("labels")
    assert {now[1], second.previous} == {4, 5}


def test_a_label_that_is_tidied_away_while_it_is_read_is_given_anew(store: Store, other: Store) -> None:
    old = prediction()
    store.write(Batch([old], [], [label(old, 4)]))

    class Meddling(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> "Meddling":
            if "FOR UPDATE" in query:
                other.tidy(Retention(days=1, bytes=2**40))
            return super().execute(query, *arguments, **options)

    store._connection.cursor_factory = Meddling
    assert store.write(Batch(labels=[label(old, 5)])) == [LabelOutcome(LabelState.STORED, None)]


def test_the_room_that_rows_take_is_told_and_emptied_files_do_not_count(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 500)
    rows = [prediction(NOON_MS + number, caller="hospital") for number in range(5_000)]
    pictures = [kept(row.at_ms)._replace(digest=number.to_bytes(32, "big")) for number, row in enumerate(rows)]
    store.write(Batch(rows, pictures, [label(row, 4) for row in rows]))
    told = store.used_bytes()
    with store._connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE relname <> 'alembic_version'")
        assert told == pytest.approx(int(cursor.fetchone()[0]), rel=0.2)
        limit = Retention(days=1e6, bytes=told // 2)
        assert prune_all(store, limit) == pytest.approx(2_500, abs=500)
        cursor.execute("VACUUM ANALYZE")
        assert store.tidy(limit) == 0


def test_a_database_that_was_made_without_an_encoding_will_do(postgres: PostgresServer) -> None:
    database = Database(postgres.new_database("SQL_ASCII"))
    store = database.open()
    store.write(Batch(predictions=[prediction(caller="Zoë")]))
    store.close()
    [row] = database.rows("predictions")
    assert row[-1] == "Zoë"


async def test_a_crash_is_told_and_what_was_acknowledged_is_there_afterwards(
    store: Store, database: Database, restarted: PostgresServer
) -> None:
    row = prediction()
    store.write(Batch([row], [], [label(row, 4)]))
    reader = Reader(database_url(database.text))
    assert await reader.page(Filters(), before=None, limit=10)
    restarted.crash()
    for _ in range(2):
        with pytest.raises(RecordsUnavailable, match=r"^[^\n]+$"):
            store.write(Batch([prediction()]))
    with pytest.raises(RecordsUnavailable):
        prune_all(store, Retention(days=1, bytes=1))
    with pytest.raises(RecordsUnavailable):
        await reader.page(Filters(), before=None, limit=10)
    restarted.start()
    [found] = await reader.page(Filters(), before=None, limit=10)
    assert (found.id, found.label) == (row.id, 4)
    reader.close()


async def test_a_recorder_goes_on_after_a_crash_and_loses_nothing(store: Store, database: Database, restarted: PostgresServer) -> None:
    metrics = Metrics()
    recorder = Recorder(partial(open_sink, database_url(database.text)), metrics, Retention(days=1e6, bytes=2**40))
    rows = [prediction(NOON_MS + number) for number in range(300)]
    recorder.start()
    for row in rows[:100]:
        recorder.record(noted(row))
    await recorder.settled()
    for row in rows[100:200]:
        recorder.record(noted(row))
    restarted.crash()
    for row in rows[200:]:
        recorder.record(noted(row))
    await until(lambda: recorder.failure)
    restarted.start()
    assert (await recorder.label(label(rows[0], 4))).state is LabelState.STORED
    await recorder.settled()
    await until(lambda: recorder.failure is None)
    await recorder.close(5)
    assert sorted(stored[0] for stored in database.rows("predictions")) == [row.id for row in rows]


async def test_a_migration_waits_for_one_that_is_under_way(database: Database) -> None:
    with (
        ThreadPoolExecutor(1) as thread,
        psycopg.connect(database.text) as first,
        psycopg.connect(database.text, autocommit=True) as watching,
    ):
        first.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        second = thread.submit(migrate_database, database_url(database.text))
        await until(lambda: second.done() or watching.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())
        assert not second.done()
        first.commit()
        assert second.result(5) == NEWEST


async def test_readers_share_a_few_connections_that_stay_open(store: Store, database: Database) -> None:
    reader = Reader(database_url(database.text))
    await asyncio.gather(*(reader.page(Filters(), before=None, limit=10) for _ in range(50)))
    with psycopg.connect(database.text) as watching:
        others = watching.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        assert others.fetchall() == [(1 + READERS,)], "the one that writes, and the readers'"
    reader.close()


async def test_a_server_that_was_restarted_costs_no_question(store: Store, database: Database, restarted: PostgresServer) -> None:
    reader = Reader(database_url(database.text))
    row = prediction()
    store.write(Batch([row]))
    await asyncio.gather(*(reader.page(Filters(), before=None, limit=10) for _ in range(2 * READERS)))
    restarted.crash()
    restarted.start()
    for found in await asyncio.gather(*(reader.page(Filters(), before=None, limit=10) for _ in range(2 * READERS))):
        assert [each.id for each in found] == [row.id]
    reader.close()


KILLED = 3
ACKNOWLEDGED = 200
"""Of each kind between two kills."""


async def test_killed_under_load_nothing_that_was_acknowledged_is_lost_or_doubled(
    store: Store, database: Database, restarted: PostgresServer
) -> None:
    """The server's processes are killed while predictions and labels arrive, and what was promised is compared with what is there."""
    metrics = Metrics()
    recorder = Recorder(partial(open_sink, database_url(database.text)), metrics, Retention(days=1e6, bytes=2**40))
    recorder.start()
    taken: list[str] = []
    durable: list[str] = []
    labelled: dict[str, int] = {}
    stopping = asyncio.Event()

    async def answer() -> None:
        while not stopping.is_set():
            row = prediction(int(time.time() * 1000), digit=len(taken) % 10)
            assert recorder.record(noted(row))
            taken.append(row.id)
            await asyncio.sleep(0.001)

    async def wait_for_durable() -> None:
        while not stopping.is_set():
            before = len(taken)
            await recorder.settled()
            durable.extend(taken[len(durable) : before])

    async def give_labels() -> None:
        while not stopping.is_set():
            row = prediction(int(time.time() * 1000))
            digit = len(labelled) % 10
            assert (await recorder.label(label(row, digit))).state is LabelState.STORED
            labelled[row.id] = digit

    def are_enough(answers: int, labels: int) -> bool:
        return len(durable) >= answers and len(labelled) >= labels

    loads = [asyncio.create_task(load()) for load in (answer, wait_for_durable, *[give_labels] * 8)]
    for _ in range(KILLED):
        await until(partial(are_enough, len(durable) + ACKNOWLEDGED, len(labelled) + ACKNOWLEDGED), seconds=20)
        await asyncio.to_thread(restarted.kill)
        await until(lambda: recorder.failure)
        await asyncio.to_thread(restarted.start)
    stopping.set()
    await asyncio.gather(*loads)
    await recorder.settled()
    await recorder.close(5)

    stored = [row[0] for row in database.rows("predictions")]
    assert set(durable) <= set(taken) == set(stored)
    assert len(stored) == len(set(stored))
    assert {row[0]: row[1] for row in database.rows("labels")} == labelled
    assert sorted(row[1] for row in database.rows("label_changes")) == sorted(labelled)
    counted = partial(metrics.registry.get_sample_value, "gateway_records_total")
    assert counted({"kind": "prediction", "outcome": "written"}) == len(stored)
    assert counted({"kind": "label", "outcome": "written"}) == len(labelled)
    assert (counted({"kind": "label", "outcome": "failed"}) or 0) > 0, "it was killed under load"
    fed_back = [
        sample.value for family in metrics.registry.collect() for sample in family.samples if sample.name == "digits_feedback_total"
    ]
    assert sum(fed_back) == len(labelled)

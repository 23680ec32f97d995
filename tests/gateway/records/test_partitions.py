"""Predictions lie in a partition a day, made ahead and dropped whole, and nobody who writes or reads is kept out meanwhile."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import psycopg
import pytest

from gateway.prediction_id import first_id_at
from gateway.records.batch import Batch, PredictionRow
from gateway.records.database import database_url, migrate_database
from gateway.records.partitions import Partitions
from gateway.records.postgres import open_postgres
from gateway.records.store import Retention, Store, prune_all
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.postgres import PostgresServer
from tests.gateway.records.rows import NOON_MS, kept, label, prediction, waiting

pytestmark = pytest.mark.system

DAY_MS = 86_400_000
ENDLESS = Retention(days=1e6, bytes=2**40)
Watching = psycopg.Connection[Any]


@pytest.fixture
def database(new_database: NewDatabase) -> Database:
    return new_database("postgresql")


@pytest.fixture
def watching(database: Database, store: Store) -> Iterator[Watching]:
    with psycopg.connect(database.text, autocommit=True) as connection:
        yield connection


def today_ms() -> int:
    return int(time.time() * 1000) // DAY_MS * DAY_MS


def name(days_ago: int) -> str:
    return datetime.fromtimestamp((today_ms() - days_ago * DAY_MS) / 1000, UTC).strftime("predictions_%Y%m%d")


def rows_of(days_ago: int, count: int = 1) -> list[PredictionRow]:
    """At noon."""
    return [prediction(today_ms() - days_ago * DAY_MS + DAY_MS // 2 + number) for number in range(count)]


CHILDREN = b"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'predictions'::regclass"


def names(database: Database) -> set[str]:
    with psycopg.connect(database.text) as connection:
        return {row[0] for row in connection.execute(CHILDREN)}


def there(database: Database) -> dict[str, int]:
    """Rows of each partition."""
    with psycopg.connect(database.text) as connection:
        counts = {each: connection.execute(f"SELECT count(*) FROM {each}".encode()).fetchall() for each in names(database)}
        return {each: count for each, [(count,)] in counts.items()}


def ids(rows: list[PredictionRow]) -> set[str]:
    return {row.id for row in rows}


def test_those_of_today_and_tomorrow_are_there_before_anything_is_written(store: Store, database: Database) -> None:
    assert there(database) == {"predictions_default": 0, name(0): 0, name(-1): 0}


def test_many_gateways_that_start_at_once_make_each_of_them_once(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    url = database_url(database.text)
    migrate_database(url)
    all_of_them = Barrier(6)

    def start(number: int) -> None:
        all_of_them.wait(10)
        with closing(open_postgres(url)) as store:
            store.write(Batch(packed=[waiting(prediction(today_ms() + number))]))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(start, range(6)))
    assert there(database) == {"predictions_default": 0, name(0): 6, name(-1): 0}
    assert caplog.messages == []


def test_what_no_partition_takes_is_kept_all_the_same(store: Store, database: Database) -> None:
    off = [prediction(today_ms() + 30 * DAY_MS), prediction(0), prediction(NOON_MS)]
    store.write(Batch(packed=[waiting(row) for row in off]))
    store.write(Batch(off))
    assert there(database)["predictions_default"] == 3


def test_a_partition_takes_over_what_waited_for_it(store: Store, database: Database, watching: Watching) -> None:
    watching.execute(f"DROP TABLE {name(0)}".encode())
    waited, other = rows_of(0, 30), prediction(NOON_MS)
    store.write(Batch(packed=[waiting(row) for row in [*waited, other]]))
    store.tidy(ENDLESS)
    assert there(database) == {"predictions_default": 1, name(0): 30, name(-1): 0}
    assert {row[0] for row in database.rows("predictions")} == ids([*waited, other])


def test_a_day_that_has_gone_on_for_long_without_one_does_so(
    store: Store, database: Database, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.partitions.MOST_MOVED", 10)
    watching.execute(f"DROP TABLE {name(0)}".encode())
    store.write(Batch(packed=[waiting(row) for row in rows_of(0, 11)]))
    store.tidy(ENDLESS)
    assert there(database) == {"predictions_default": 11, name(-1): 0}


def test_days_of_a_backup_get_partitions_and_what_is_long_ago_does_not(store: Store, database: Database) -> None:
    store.write(Batch([*rows_of(3, 2), *rows_of(9), prediction(NOON_MS)]))
    assert there(database) == {"predictions_default": 1, name(9): 1, name(3): 2, name(0): 0, name(-1): 0}


def test_a_day_is_dropped_with_its_labels_and_pixels_once_all_of_it_is_older(store: Store, database: Database) -> None:
    days = {days_ago: rows_of(days_ago, 5) for days_ago in (0, 2, 3, 4)}
    for rows in days.values():
        pictures = [kept(row.at_ms)._replace(digest=row.id.encode()[:32]) for row in rows]
        store.write(Batch(rows, pictures, [label(row, 4) for row in rows]))
    limit = Retention(days=2, bytes=2**40)
    assert [store.tidy(limit) for _ in range(3)] == [5, 5, 0]
    assert there(database) == {"predictions_default": 0, name(2): 5, name(0): 5, name(-1): 0}
    left = ids(days[0] + days[2])
    assert {row[0] for row in database.rows("labels")} == {row[1] for row in database.rows("label_changes")} == left
    assert len(database.rows("pixels")) == 10


def test_whoever_says_prune_has_all_that_is_older_deleted_to_the_minute(store: Store, database: Database) -> None:
    now_ms = int(time.time() * 1000)
    old, young = prediction(now_ms - 2 * DAY_MS - 60_000), prediction(now_ms - 2 * DAY_MS + 60_000)
    store.write(Batch([old, young]))
    assert store.tidy(Retention(days=2, bytes=2**40)) == (0 if old.at_ms // DAY_MS == (now_ms - 2 * DAY_MS) // DAY_MS else 1)
    assert prune_all(store, Retention(days=2, bytes=2**40)) <= 1
    assert {row[0] for row in database.rows("predictions")} == {young.id}


def test_past_the_limit_of_room_whole_days_go_and_then_rows(store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 500)
    early, first, second, third = [prediction(NOON_MS)], rows_of(3, 2_000), rows_of(2, 2_000), rows_of(1, 2_000)
    store.write(Batch(early + first + second + third))
    limit = Retention(days=1e6, bytes=store.used_bytes() // 2 + 1_000)
    assert [store.tidy(limit) for _ in range(5)] == [1 + 499, 1_501, 500, 500, 0]
    assert there(database) == {"predictions_default": 0, name(2): 1_000, name(1): 2_000, name(0): 0, name(-1): 0}


def test_nobody_waits_because_a_backup_reads_for_long(
    store: Store, database: Database, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = rows_of(9, 3)
    store.write(Batch(old))
    limit = Retention(days=2, bytes=2**40)
    with psycopg.connect(database.text) as reading:
        reading.execute("SELECT count(*) FROM predictions")
        monkeypatch.setattr("gateway.records.partitions.READ_FOR_LONG", "SELECT true")  # what it is after two seconds
        started = time.monotonic()
        assert store.tidy(limit) == 0
        store.write(Batch(packed=[waiting(prediction(today_ms()))]))
        assert time.monotonic() - started < 1
        monkeypatch.undo()
        assert store.tidy(limit) == 0, "the lock is waited for, but not for ever"
        store.write(Batch(packed=[waiting(prediction(today_ms()))]))
        assert there(database)[name(9)] == 3
    assert store.tidy(limit) == 3
    assert name(9) not in there(database)


def test_a_long_read_is_seen(store: Store, database: Database) -> None:
    old = rows_of(9, 3)
    store.write(Batch(old))
    with psycopg.connect(database.text) as reading:
        reading.execute("SELECT count(*) FROM predictions")
        reading.execute("SELECT pg_sleep(2.1)")  # what counts is the server's clock
        started = time.monotonic()
        assert store.tidy(Retention(days=2, bytes=2**40)) == 0
        assert time.monotonic() - started < 1


def test_a_partition_is_made_beside_those_who_write_and_read(store: Store, database: Database, watching: Watching) -> None:
    watching.execute(f"DROP TABLE {name(-1)}".encode())
    row = prediction(today_ms())
    with psycopg.connect(database.text) as writing:
        writing.execute(
            "INSERT INTO predictions VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            row,
        )
        assert store.tidy(ENDLESS) == 0
        assert name(-1) in there(database)
    assert there(database)[name(0)] == 1


def test_two_gateways_that_tidy_at_once_drop_each_day_and_count_each_row_once(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 20)
    store.write(Batch([prediction(NOON_MS + number) for number in range(200)]))
    for days_ago in range(3, 13):
        store.write(Batch(rows_of(days_ago, 3)))
    store.used_bytes()  # from now on the server counts them for everybody
    both = Barrier(2)

    def tidy(through: Store) -> int:
        both.wait(10)
        deleted = 0
        while names(database) != {"predictions_default", name(0), name(-1)} or database.rows("predictions"):
            deleted += through.tidy(Retention(days=2, bytes=2**40))
        return deleted

    with closing(database.open()) as other, ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(tidy, (store, other))) == 200 + 10 * 3
    assert database.rows("predictions") == []


def test_a_day_that_another_gateway_has_just_dropped_is_gone_for_both(store: Store, database: Database) -> None:
    store.write(Batch(rows_of(9, 3)))
    with psycopg.connect(database.text, autocommit=True) as connection:
        seen = Partitions(connection)
        [old] = seen.ended(first_id_at(today_ms()))
        assert store.tidy(Retention(days=2, bytes=2**40)) == 3
        assert seen.rows(old) == 0
        assert seen.drop(old) == 0


def test_a_user_who_may_only_write_does_so_and_deletes_row_by_row(
    store: Store, database: Database, postgres: PostgresServer, watching: Watching
) -> None:
    old = rows_of(9, 3)
    store.write(Batch(old))
    watching.execute("DROP ROLE IF EXISTS writer")
    watching.execute("CREATE ROLE writer LOGIN")
    watching.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer")
    watching.execute(f"DROP TABLE {name(0)}".encode())
    with closing(open_postgres(database_url(database.text.replace("postgres@", "writer@")))) as limited:
        limited.write(Batch(packed=[waiting(prediction(today_ms()))]))
        assert limited.tidy(Retention(days=2, bytes=2**40)) == 3
    assert there(database) == {"predictions_default": 1, name(9): 0, name(-1): 0}
    watching.execute("DROP OWNED BY writer; DROP ROLE writer")

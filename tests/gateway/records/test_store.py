"""Batches are committed whole, labels are told what became of them, and what is too old or too much goes, oldest first."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from gateway.records.batch import AlertRow, Batch, LabelOutcome, LabelState, PredictionRow
from gateway.records.store import BUSY_SECONDS, RecordsUnavailable, Retention, RowsRefused, Store, open_sqlite, prune_all
from tests.gateway.records.conftest import Database
from tests.gateway.records.rows import alert, change, kept, label, prediction, waiting

EVERYTHING = Retention(days=1e6, bytes=2**40)
sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_rows_are_there_once_the_write_returns(store: Store, database: Database) -> None:
    row = prediction(caller="hospital")
    assert store.write(Batch([row], [kept()], [])) == []
    assert [PredictionRow(*stored) for stored in database.rows("predictions")] == [row]
    assert database.rows("pixels") == [tuple(kept())]


def test_a_batch_written_twice_is_there_once(store: Store, database: Database) -> None:
    batch = Batch([prediction()], [kept()], packed=[waiting(prediction())])
    store.write(batch)
    store.write(batch)
    assert len(database.rows("predictions")) == 2
    assert len(database.rows("pixels")) == 1


def test_what_waited_is_written_as_it_was_answered(store: Store, database: Database) -> None:
    rows = [
        prediction(digit=number % 10)._replace(
            digest=bytes([number, 0, 39, 255] * 8),
            confidence=confidence,
            accepted=accepted,
            cache=cache,
            latency_us=latency_us,
        )
        for number, (confidence, accepted, cache, latency_us) in enumerate(
            [
                (1.0, True, "hit", 0),
                (0.123456789, False, "coalesced", 999_999_999),
                (0.999999999, True, "bypass", 37),
                (0.1, False, "miss", 10),
            ]
        )
    ]
    store.write(Batch(packed=[waiting(row) for row in rows]))
    assert sorted(PredictionRow(*stored) for stored in database.rows("predictions")) == sorted(rows)


@pytest.mark.parametrize("rows", [1, 3, 150, 400])
def test_many_rows_of_a_batch_are_all_there_whatever_their_number(store: Store, database: Database, rows: int) -> None:
    whole, packed = ([prediction(digit=number % 10) for number in range(rows)] for _ in range(2))
    store.write(Batch(whole, packed=[waiting(row) for row in packed]))
    assert sorted(PredictionRow(*stored) for stored in database.rows("predictions")) == sorted(whole + packed)


def test_sqlite_writes_a_batch_in_few_statements(tmp_path: Path) -> None:
    """Each step of one lets a busy event loop have the interpreter's lock."""
    told: list[str] = []
    with closing(open_sqlite(tmp_path / "records.sqlite")) as store:
        store._connection.set_trace_callback(told.append)
        store.write(Batch([prediction() for _ in range(150)], packed=[waiting(prediction()) for _ in range(150)]))
        store._connection.set_trace_callback(None)
    assert sum("INSERT" in statement for statement in told) == 4 + 1, "128, 16, 4 and 2 rows, and what waited at once"


def test_a_label_is_stored_once_and_another_is_a_conflict(store: Store) -> None:
    row = prediction()
    first, again, other = label(row, 4), label(row, 4), label(row, 5)
    assert store.write(Batch(labels=[first, again, other])) == [
        LabelOutcome(LabelState.STORED, None),
        LabelOutcome(LabelState.SAME, 4),
        LabelOutcome(LabelState.CONFLICT, 4),
    ]


def test_the_same_request_told_twice_is_stored_both_times(store: Store, database: Database) -> None:
    """The answer to the first write was lost on the way: what was stored is still counted as stored."""
    given = label(prediction(), 4)
    assert store.write(Batch(labels=[given])) == store.write(Batch(labels=[given])) == [LabelOutcome(LabelState.STORED, None)]
    corrected = given._replace(label=5, source="audit", token="another")
    assert store.write(Batch(labels=[corrected])) == store.write(Batch(labels=[corrected])) == [LabelOutcome(LabelState.STORED, 4)]
    assert len(database.rows("label_changes")) == 2


def test_a_request_told_again_undoes_nothing_that_came_after_it(store: Store) -> None:
    row = prediction()
    first, later = label(row, 3, "audit"), label(row, 5, "audit")
    store.write(Batch(labels=[first, later]))
    assert store.write(Batch(labels=[first])) == [LabelOutcome(LabelState.STORED, None)]
    assert store.write(Batch(labels=[label(row, 5)])) == [LabelOutcome(LabelState.SAME, 5)]


def test_what_no_database_takes_is_refused_and_not_unavailable(store: Store) -> None:
    with pytest.raises(RowsRefused):
        store.write(Batch([prediction(caller="half \ud800")]))
    store.write(Batch([prediction()]))


def test_a_nul_is_taken_by_sqlite_and_refused_by_postgresql(store: Store, database: Database) -> None:
    batch = Batch([prediction(caller="n\0ul")])
    if database.kind == "sqlite":
        store.write(batch)
        assert len(database.rows("predictions")) == 1
    else:
        with pytest.raises(RowsRefused):
            store.write(batch)


def test_an_auditor_supersedes_and_history_keeps_both(store: Store, database: Database) -> None:
    row = prediction()
    store.write(Batch(labels=[label(row, 4)]))
    assert store.write(Batch(labels=[label(row, 5, "audit")])) == [LabelOutcome(LabelState.STORED, 4)]
    assert [stored[1] for stored in database.rows("labels")] == [5]
    assert sorted((change[2], change[3], change[4]) for change in database.rows("label_changes") if change[2] is not None) == [
        (4, 5, "audit")
    ]
    assert len(database.rows("label_changes")) == 2


def test_an_alert_takes_the_place_of_what_has_its_key(store: Store, database: Database) -> None:
    fires = AlertRow("abc@noon", "InputDrift", "{}", "other pictures arrive", 1_000, None, '{"kind": "proposal"}')
    store.write(Batch(alerts=[fires, fires._replace(key="abc@one")]))
    store.write(Batch(alerts=[fires._replace(resolved_ms=2_000)]))
    assert [AlertRow(*row) for row in sorted(database.rows("alerts"))] == [fires._replace(resolved_ms=2_000), fires._replace(key="abc@one")]


def test_a_batch_that_fails_leaves_nothing_behind(store: Store, database: Database) -> None:
    unwritable = prediction()._replace(digest=object())  # type: ignore[arg-type]
    with pytest.raises(RecordsUnavailable):
        store.write(Batch([prediction(), unwritable], [], [label(prediction(), 4)]))
    assert database.rows("predictions") == database.rows("labels") == []
    store.write(Batch([prediction()]))


@sqlite_only
def test_a_locked_database_is_unavailable_in_a_line(store: Store, database: Database) -> None:
    store._connection.execute("PRAGMA busy_timeout = 50")
    with sqlite3.connect(database.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordsUnavailable, match=r"^OperationalError: database is locked$"):
            store.write(Batch([prediction()]))
        other.execute("ROLLBACK")
    store.write(Batch([prediction()]))


@pytest.mark.parametrize("content", [b"this is no database, and it is long enough to be read as one" * 20])
def test_a_file_that_is_none_is_unavailable(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "records.sqlite"
    file.write_bytes(content)
    with pytest.raises(RecordsUnavailable, match=r"records\.sqlite: .*not a database"):
        open_sqlite(file)


@sqlite_only
def test_every_commit_is_on_the_disk(store: Store) -> None:
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_older_than_the_limit_goes_with_its_labels_and_pixels(store: Store, database: Database) -> None:
    now_ms = int(time.time() * 1000)
    old, new = prediction(now_ms - 3 * 86_400_000), prediction(now_ms)
    store.write(Batch([old, new], [kept(old.at_ms, 1), kept(new.at_ms, 2)], [label(old, 4), label(new, 4)]))
    assert store.tidy(EVERYTHING) == 0
    assert store.tidy(Retention(days=2, bytes=2**40)) == 1
    assert [stored[0] for stored in database.rows("predictions")] == [new.id]
    assert [stored[0] for stored in database.rows("labels")] == [new.id]
    assert [stored[1] for stored in database.rows("label_changes")] == [new.id]
    assert [stored[0][0] for stored in database.rows("pixels")] == [2]


def test_an_alert_is_kept_as_long_as_it_fires_and_then_as_long_as_predictions(store: Store, database: Database) -> None:
    now_ms = int(time.time() * 1000)
    old_ms = now_ms - 3 * 86_400_000
    store.write(Batch(alerts=[alert("over", old_ms, old_ms + 1), alert("fires", old_ms), alert("young", old_ms, now_ms)]))
    store.tidy(Retention(days=2, bytes=2**40))
    assert sorted(stored[0] for stored in database.rows("alerts")) == ["fires", "young"]


MANY = [prediction(int(time.time() * 1000) - 10_000 + number) for number in range(10_000)]


def test_past_the_limit_of_room_the_oldest_go_and_no_more_than_must(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 500)
    store.write(Batch(MANY))
    store.tidy(EVERYTHING)
    before = store.used_bytes()
    deleted = prune_all(store, Retention(days=1e6, bytes=before // 2))
    assert {stored[0] for stored in database.rows("predictions")} == {row.id for row in sorted(MANY)[deleted:]}
    assert deleted == pytest.approx(5_000, abs=1_000)
    assert store.used_bytes() <= before // 2
    assert store.tidy(Retention(days=1e6, bytes=before // 2)) == 0


@sqlite_only
def test_tidying_does_not_wait_for_a_long_read(store: Store, database: Database) -> None:
    store.write(Batch([prediction()]))
    with closing(sqlite3.connect(database.file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM predictions").fetchall()
        store.write(Batch([prediction()]))
        started = time.monotonic()
        store.tidy(EVERYTHING)
        assert time.monotonic() - started < BUSY_SECONDS / 2
    assert store._connection.execute("PRAGMA busy_timeout").fetchone() == (BUSY_SECONDS * 1000,)


def test_what_a_backup_held_is_put_where_nothing_is(store: Store, database: Database) -> None:
    corrected, told = prediction(), prediction()
    was, now, newer = label(corrected, 4), label(corrected, 5, "audit"), label(told, 6)
    store.write(Batch(labels=[newer]))
    held = Batch(restored_labels=[now, label(told, 1)], restored_changes=[change(was), change(now, 4)])
    assert store.write(held) == store.write(held) == []
    assert sorted(database.rows("labels")) == sorted([tuple(now), tuple(newer)])
    assert sorted(database.rows("label_changes")) == sorted([tuple(change(was)), tuple(change(now, 4)), tuple(change(newer))])
    assert store.write(Batch(labels=[now])) == [LabelOutcome(LabelState.STORED, 4)], "the request that gave it is still known"


@sqlite_only
def test_the_file_shrinks_when_rows_go(store: Store, database: Database) -> None:
    store.write(Batch(MANY))
    store.tidy(EVERYTHING)
    before = database.file.stat().st_size
    prune_all(store, Retention(days=1e6, bytes=before // 2))
    assert database.file.stat().st_size < 0.6 * before


def test_a_file_that_was_removed_or_replaced_is_written_no_more(tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite"
    store = open_sqlite(file)
    file.unlink()
    with pytest.raises(RecordsUnavailable):
        store.write(Batch([prediction()]))
    file.write_bytes(b"")
    with pytest.raises(RecordsUnavailable, match="was replaced"):
        store.write(Batch([prediction()]))
    store.close()

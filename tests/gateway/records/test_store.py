"""Batches are committed whole, labels are told what became of them, and what is too old or too much goes, oldest first."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.records.batch import Batch, LabelOutcome, LabelState, PredictionRow
from gateway.records.store import RecordsUnavailable, Retention, Store, open_sqlite
from tests.gateway.records.rows import kept, label, prediction

EVERYTHING = Retention(days=1e6, bytes=2**40)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = open_sqlite(file)
    yield opened
    opened.close()


def rows(file: Path, table: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def test_rows_are_there_once_the_write_returns(store: Store, file: Path) -> None:
    row = prediction(caller="hospital")
    assert store.write(Batch([row], [kept()], [])) == []
    assert [PredictionRow(*stored) for stored in rows(file, "predictions")] == [row]
    assert rows(file, "pixels") == [tuple(kept())]


def test_a_batch_written_twice_is_there_once(store: Store, file: Path) -> None:
    batch = Batch([prediction()], [kept()], [])
    store.write(batch)
    store.write(batch)
    assert len(rows(file, "predictions")) == len(rows(file, "pixels")) == 1


def test_a_label_is_stored_once_and_another_is_a_conflict(store: Store) -> None:
    row = prediction()
    first, again, other = label(row, 4), label(row, 4), label(row, 5)
    assert store.write(Batch(labels=[first, again, other])) == [
        LabelOutcome(LabelState.STORED, None),
        LabelOutcome(LabelState.SAME, 4),
        LabelOutcome(LabelState.CONFLICT, 4),
    ]


def test_the_same_request_told_twice_is_stored_both_times(store: Store, file: Path) -> None:
    """The answer to the first write was lost on the way: what was stored is still counted as stored."""
    given = label(prediction(), 4)
    assert store.write(Batch(labels=[given])) == store.write(Batch(labels=[given])) == [LabelOutcome(LabelState.STORED, None)]
    corrected = given._replace(label=5, source="audit", token="another")
    assert store.write(Batch(labels=[corrected])) == store.write(Batch(labels=[corrected])) == [LabelOutcome(LabelState.STORED, 4)]
    assert len(rows(file, "label_changes")) == 2


def test_an_auditor_supersedes_and_history_keeps_both(store: Store, file: Path) -> None:
    row = prediction()
    store.write(Batch(labels=[label(row, 4)]))
    assert store.write(Batch(labels=[label(row, 5, "audit")])) == [LabelOutcome(LabelState.STORED, 4)]
    assert [stored[1] for stored in rows(file, "labels")] == [5]
    assert sorted((change[2], change[3], change[4]) for change in rows(file, "label_changes") if change[2] is not None) == [(4, 5, "audit")]
    assert len(rows(file, "label_changes")) == 2


def test_a_batch_that_fails_leaves_nothing_behind(store: Store, file: Path) -> None:
    unwritable = prediction()._replace(digest=object())  # type: ignore[arg-type]
    with pytest.raises(RecordsUnavailable):
        store.write(Batch([prediction(), unwritable], [], [label(prediction(), 4)]))
    assert rows(file, "predictions") == rows(file, "labels") == []
    store.write(Batch([prediction()]))


def test_a_locked_database_is_unavailable_in_a_line(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store._connection.execute("PRAGMA busy_timeout = 50")
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordsUnavailable, match=r"^OperationalError: database is locked$"):
            store.write(Batch([prediction()]))
        other.execute("ROLLBACK")
    store.write(Batch([prediction()]))


@pytest.mark.parametrize("content", [b"this is no database, and it is long enough to be read as one" * 20])
def test_a_file_that_is_none_is_unavailable(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(RecordsUnavailable, match=r"records\.sqlite: .*not a database"):
        open_sqlite(file)


def test_every_commit_is_on_the_disk(store: Store) -> None:
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_older_than_the_limit_goes_with_its_labels_and_pixels(store: Store, file: Path) -> None:
    now_ms = int(time.time() * 1000)
    old, new = prediction(now_ms - 3 * 86_400_000), prediction(now_ms)
    store.write(Batch([old, new], [kept(old.at_ms, 1), kept(new.at_ms, 2)], [label(old, 4), label(new, 4)]))
    assert store.tidy(EVERYTHING) == 0
    assert store.tidy(Retention(days=2, bytes=2**40)) == 1
    assert [stored[0] for stored in rows(file, "predictions")] == [new.id]
    assert [stored[0] for stored in rows(file, "labels")] == [new.id]
    assert [stored[1] for stored in rows(file, "label_changes")] == [new.id]
    assert [stored[0][0] for stored in rows(file, "pixels")] == [2]


def test_past_the_limit_of_room_the_oldest_go_and_the_file_shrinks(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.records.store.CHUNK_ROWS", 500)
    now_ms = int(time.time() * 1000)
    many = [prediction(now_ms - 10_000 + number) for number in range(10_000)]
    store.write(Batch(many))
    store.tidy(EVERYTHING)
    before = file.stat().st_size
    deleted = store.tidy(Retention(days=1e6, bytes=before // 2))
    left = {stored[0] for stored in rows(file, "predictions")}
    assert left == {row.id for row in sorted(many)[deleted:]}
    assert 0 < len(left) < 10_000
    assert store.used_bytes() <= before // 2
    assert file.stat().st_size < 0.6 * before

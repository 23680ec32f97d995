"""A backup is one moment of all tables, comes back whole into either kind of database, and is refused when anything about it is wrong."""

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
import pytest

from gateway.records.backup import backup
from gateway.records.batch import Batch
from gateway.records.database import database_url, open_sink
from gateway.records.restore import BackupDamaged, restore
from gateway.records.store import RecordsUnavailable, Store
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.rows import NOON_MS, alert, kept, label, prediction

TABLES = ("predictions", "label_changes", "labels", "pixels", "alerts")
EITHER = ["sqlite", pytest.param("postgresql", marks=pytest.mark.system)]


def filled(database: Database, count: int = 30) -> list[str]:
    """The ids of predictions, most of them labelled and some corrected."""
    rows = [prediction(NOON_MS + number, number % 10, caller="hospital" if number % 2 else None) for number in range(count)]
    store = database.open()
    store.write(Batch(rows, [kept(shade=shade) for shade in range(9)], [label(row, 4) for row in rows[:20]]))
    store.write(Batch(labels=[label(row, 5, "audit") for row in rows[:10]], alerts=[alert("a"), alert("b", resolved_ms=NOON_MS + 1)]))
    store.close()
    return [row.id for row in rows]


def contents(database: Database) -> list[list[tuple[object, ...]]]:
    return [sorted(database.rows(table)) for table in TABLES]


def taken(database: Database, file: Path) -> dict[str, int]:
    return backup(database_url(database.text), file)


def put_back(file: Path, database: Database) -> dict[str, int]:
    return restore(file, partial(open_sink, database_url(database.text)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.jsonl.gz"


@pytest.mark.parametrize("target", EITHER)
@pytest.mark.parametrize("source", EITHER)
def test_all_of_it_comes_back_as_it_was_however_often(
    new_database: NewDatabase, file: Path, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.backup.CHUNK_ROWS", 7)
    monkeypatch.setattr("gateway.records.restore.BATCH_ROWS", 11)
    old, new = new_database(source), new_database(target)
    filled(old)
    counts = taken(old, file)
    assert counts == {"predictions": 30, "label_changes": 30, "labels": 20, "pixels": 9, "alerts": 2}
    new.open().close()
    for _ in range(2):
        assert put_back(file, new) == counts
        assert contents(new) == contents(old)


def test_an_empty_database_comes_back_empty(database: Database, store: Store, file: Path) -> None:
    assert set(taken(database, file).values()) == {0}
    assert set(put_back(file, database).values()) == {0}


def test_a_label_that_was_given_since_stays(database: Database, file: Path) -> None:
    ids = filled(database)
    taken(database, file)
    store = database.open()
    row = prediction()._replace(id=ids[0])
    store.write(Batch(labels=[label(row, 8, "audit")]))
    now = contents(database)
    store.close()
    put_back(file, database)
    assert contents(database) == now


def test_an_alert_that_resolved_since_stays_resolved(database: Database, file: Path) -> None:
    filled(database)
    taken(database, file)
    store = database.open()
    store.write(Batch(alerts=[alert("a", resolved_ms=NOON_MS + 9)]))
    now = contents(database)
    store.close()
    put_back(file, database)
    assert contents(database) == now


def test_all_tables_are_of_one_moment_while_they_are_written(database: Database, store: Store, file: Path) -> None:
    """Every prediction is written with its label, pixels and an alert, so as many of each are in the file."""
    written, stop = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            rows = [prediction(NOON_MS + number) for number in range(number, number + 20)]
            pictures = [kept()._replace(digest=(number + index).to_bytes(32, "big")) for index in range(20)]
            store.write(Batch(rows, pictures, [label(row, 4) for row in rows], alerts=[alert(row.id) for row in rows]))
            number += 20
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    seen = []
    try:
        for number in range(5):
            target = file.with_suffix(f".{number}")
            seen.append(backup(database_url(database.text), target, lambda rows: _wait_for_another(written)))
    finally:
        stop.set()
        writer.join()
    assert all(len(set(counts.values())) == 1 for counts in seen)
    assert seen[0]["predictions"] < seen[-1]["predictions"]


def _wait_for_another(written: threading.Event) -> None:
    """Until a batch was committed after what was just read."""
    written.clear()
    assert written.wait(10)


def test_a_running_gateway_is_written_through_and_read_beside(new_database: NewDatabase, file: Path) -> None:
    old, new = new_database("sqlite"), new_database("sqlite")
    filled(old)
    leaders = [open_sink(database_url(each.text)) for each in (old, new)]
    taken(old, file)
    put_back(file, new)
    assert contents(new) == contents(old)
    for leader in leaders:
        leader.write(Batch([prediction()]))
        leader.close()


def test_a_file_that_is_there_is_not_overwritten(database: Database, store: Store, file: Path) -> None:
    file.write_bytes(b"precious")
    with pytest.raises(RecordsUnavailable, match="is there already"):
        taken(database, file)
    assert file.read_bytes() == b"precious"


def test_of_two_backups_at_once_one_is_refused(database: Database, store: Store, file: Path) -> None:
    partial_file = file.with_name(f"{file.name}.partial")
    partial_file.touch()
    with pytest.raises(RecordsUnavailable, match="another such file"):
        taken(database, file)
    assert partial_file.exists()


def test_what_fails_leaves_nothing_behind(new_database: NewDatabase, tmp_path: Path, file: Path) -> None:
    absent = new_database("sqlite")
    with pytest.raises(RecordsUnavailable, match="unable to open database file"):
        taken(absent, file)
    absent.file.touch()
    with pytest.raises(RecordsUnavailable, match="run `python -m gateway migrate`"):
        taken(absent, file)
    with pytest.raises(RecordsUnavailable, match="No such file"):
        taken(absent, tmp_path / "nowhere" / "file")
    assert list(tmp_path.iterdir()) == [absent.file]


def test_one_of_the_revision_before_which_has_the_same_rows_comes_back(new_database: NewDatabase, file: Path) -> None:
    old, new = new_database("sqlite"), new_database("sqlite")
    filled(old)
    taken(old, file)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)[:-1]
    lines[0] = orjson.dumps(orjson.loads(lines[0]) | {"revision": "0003"}, option=orjson.OPT_APPEND_NEWLINE)
    rows = dict(Counter(orjson.loads(line)[0] for line in lines[1:]))
    end = {"rows": rows, "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    file.write_bytes(gzip.compress(b"".join([*lines, orjson.dumps(end, option=orjson.OPT_APPEND_NEWLINE)])))
    assert put_back(file, new) == rows
    assert contents(new) == contents(old)


def test_nobody_else_may_read_it(database: Database, store: Store, file: Path) -> None:
    taken(database, file)
    assert file.stat().st_mode & 0o077 == 0


Change = Callable[[bytes], bytes]


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda packed: gzip.compress(b"".join(change(gzip.decompress(packed).splitlines(keepends=True))))


def _start(**said: object) -> Change:
    return _lines(lambda lines: [orjson.dumps(orjson.loads(lines[0]) | said, option=orjson.OPT_APPEND_NEWLINE), *lines[1:]])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda packed: packed[:-1], "ended before", id="cut by a byte"),
        pytest.param(lambda packed: packed[: len(packed) // 2], "ended before", id="cut in half"),
        pytest.param(lambda packed: b"", "no whole backup", id="empty"),
        pytest.param(lambda packed: b"not gzip", "Not a gzipped file", id="another file"),
        pytest.param(lambda packed: packed[:400] + bytes([packed[400] ^ 1]) + packed[401:], "no whole backup", id="a bit flipped"),
        pytest.param(lambda packed: packed[:10] + b"\xff" + packed[11:], "invalid block type", id="no deflated data"),
        pytest.param(lambda packed: packed + b"more", "Not a gzipped file", id="something behind"),
        pytest.param(_lines(lambda lines: lines[:-1]), "no whole backup", id="without its end"),
        pytest.param(_lines(lambda lines: lines[:5] + lines[6:]), "not those that were written", id="a row less"),
        pytest.param(_lines(lambda lines: [*lines[:-1], lines[5], lines[-1]]), "not those that were written", id="a row more"),
        pytest.param(_lines(lambda lines: [*lines, lines[5]]), "follows its end", id="a row behind the end"),
        pytest.param(_lines(lambda lines: [*lines[:5], b'["users", 1]\n', *lines[5:]]), "users", id="a row of another table"),
        pytest.param(_lines(lambda lines: [*lines[:5], b'["labels", 1]\n', *lines[5:]]), "missing", id="a row of another shape"),
        pytest.param(_lines(lambda lines: [*lines[:5], b'["predictions", "x"]\n', *lines[5:]]), "no whole backup", id="a row cut short"),
        pytest.param(_lines(lambda lines: [lines[0], b"[" * 10**6, *lines[1:]]), "no whole backup", id="a line without end"),
        pytest.param(_start(at="2020-01-01"), "not those that were written", id="another time"),
        pytest.param(_start(format="something else"), "something else", id="another format"),
        pytest.param(_start(revision="9999"), "of revision 9999", id="another revision"),
    ],
)
def test_a_damaged_file_is_told_and_nothing_is_written(new_database: NewDatabase, file: Path, change: Change, why: str) -> None:
    old, new = new_database("sqlite"), new_database("sqlite")
    filled(old)
    taken(old, file)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(BackupDamaged, match=f"^[^\n]*{why}[^\n]*$"):
        put_back(file, new)
    assert not new.file.exists()

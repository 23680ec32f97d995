"""Bytes are counted whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from loadtests.autoscaling.measuring import exchanged, row_bytes
from loadtests.bench.wire import post
from loadtests.programs import Failed
from tests.loadtests.server import serving


def database(folder: Path, rows: int) -> Path:
    file = folder / "records.sqlite"
    with closing(sqlite3.connect(file)) as records:
        records.execute("CREATE TABLE predictions (id TEXT)")
        records.executemany("INSERT INTO predictions VALUES (?)", [("x" * 100,)] * rows)
        records.commit()
    return file


def test_a_row_takes_its_share_of_the_file(tmp_path: Path) -> None:
    file = database(tmp_path, 5_000)
    assert row_bytes(file) == file.stat().st_size / 5_000
    assert 100 < row_bytes(file) < 130


def test_without_a_row_there_is_nothing_to_share(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no prediction"):
        row_bytes(database(tmp_path, 0))


def test_a_request_and_its_answer_are_counted_with_their_headers() -> None:
    with serving() as server:
        (asked, answered), (more_asked, more_answered) = (exchanged(server.url, post(server.url, "/", body)) for body in (b"a", b"abcd"))
    assert asked > 80
    assert answered > 80
    assert (more_asked, more_answered) == (asked + 3, answered + 3)

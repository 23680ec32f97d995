"""An operator's commands say in one line what they did, or why not."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.records.batch import Batch
from gateway.records.database import database_url, open_sink
from gateway.records.revision import NEWEST
from gateway.records.store import Store
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.rows import kept, label, prediction

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is the one that the settings name."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database.text)


sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> "Says":
    return Says(capsys)


class Says:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> str:
        """Standard output of a command that does what it should."""
        code, said = main([str(each) for each in arguments]), self._capsys.readouterr()
        assert (code, said.err) == (0, "")
        return said.out

    def refuses(self, *arguments: object) -> str:
        """The one line on standard error of a command that cannot."""
        code, said = main([str(each) for each in arguments]), self._capsys.readouterr()
        assert (code, said.out, said.err.count("\n")) == (1, "", 1)
        return said.err


def days_old(days: float) -> int:
    return int(time.time() * 1000 - days * DAY_MS)


def test_migrate_brings_a_database_to_the_newest_revision(database: Database, says: Says) -> None:
    for _ in range(2):
        assert says("migrate") == f"the database is at revision {NEWEST}\n"
    assert database.rows("predictions") == []


@sqlite_only
def test_migrate_leaves_a_file_alone_that_a_gateway_writes(database: Database, says: Says) -> None:
    with closing(open_sink(database_url(database.text))):
        assert "migrates by itself when it starts" in says.refuses("migrate")


def test_backup_and_restore_say_how_many_rows(database: Database, store: Store, says: Says, tmp_path: Path) -> None:
    row, file = prediction(), tmp_path / "records.jsonl.gz"
    store.write(Batch([row, prediction()], [kept()], [label(row, 4)]))
    rows = "2 predictions, 1 label_changes, 1 labels, 1 pixels, 0 alerts"
    assert says("backup", file) == f"{rows} in {file}\n"
    assert "is not overwritten" in says.refuses("backup", file)
    assert says("restore", file) == f"{rows} of {file} in the database; what was there already is as it was\n"


def test_export_says_how_many_can_be_trained_on(database: Database, store: Store, says: Says, tmp_path: Path) -> None:
    row, file = prediction(), tmp_path / "labelled.jsonl.gz"
    store.write(Batch([row], [kept()._replace(digest=row.digest)], [label(row, 4)]))
    assert says("records", "export", file) == f"1 labelled predictions in {file}; 0 more have no pixels that may be kept\n"
    assert "is not overwritten" in says.refuses("records", "export", file)


def test_a_file_that_cannot_be_restored_is_said_why(store: Store, says: Says, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"damaged")
    assert "Not a gzipped file" in says.refuses("restore", damaged)
    assert "No such file" in says.refuses("restore", tmp_path / "none")
    assert "Is a directory" in says.refuses("restore", tmp_path)


@sqlite_only
def test_prune_makes_no_database_where_a_path_is_mistyped(says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", f"sqlite:///{tmp_path}/mistyped.sqlite")
    assert "mistyped.sqlite is not there" in says.refuses("records", "prune")
    assert list(tmp_path.glob("mistyped*")) == []


def test_prune_applies_the_settings_or_what_is_asked(database: Database, store: Store, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(Batch([prediction(days_old(days)) for days in (40, 20, 10, 0)]))
    assert store.used_bytes() > 0  # PostgreSQL counts the rows of a session that falls silent seconds later, unless asked
    assert says("records", "prune") == "1 predictions deleted\n"
    monkeypatch.setenv("GATEWAY_RETENTION_DAYS", "15")
    assert says("records", "prune") == "1 predictions deleted\n"
    assert says("records", "prune", "--days", "0.5") == "1 predictions deleted\n"
    assert says("records", "prune", "--bytes", "1") == "1 predictions deleted\n"
    assert database.rows("predictions") == []


@sqlite_only
def test_a_running_gateway_prunes_for_the_command(database: Database, says: Says) -> None:
    with closing(open_sink(database_url(database.text))) as leader:
        leader.write(Batch([prediction(days_old(40)), prediction(days_old(0))]))
        assert says("records", "prune") == "1 predictions deleted\n"
        leader.write(Batch([prediction()]))
    assert len(database.rows("predictions")) == 2


COMMANDS = [("migrate",), ("backup", "file"), ("restore", "file"), ("records", "prune"), ("records", "export", "file")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@sqlite_only
def test_a_database_that_is_none_is_said(
    database: Database, new_database: NewDatabase, says: Says, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if command == ("restore", "file"):
        database.open().close()
        says("backup", "file")
    database.file.write_bytes(b"this is no database, and it is long enough to be read as one" * 20)
    assert "file is not a database" in says.refuses(*command)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@sqlite_only
def test_a_url_that_is_none_is_said(says: Says, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "mysql://somewhere/else")
    assert "GATEWAY_DATABASE_URL: records are kept in" in says.refuses(*command)


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.system)], indirect=True)
def test_a_postgresql_that_was_not_migrated_is_said_with_the_command(says: Says, tmp_path: Path) -> None:
    assert "run `python -m gateway migrate`" in says.refuses("records", "prune")
    assert "run `python -m gateway migrate`" in says.refuses("backup", tmp_path / "file")


@pytest.mark.parametrize(
    "arguments",
    [
        ("migrate", "now"),
        ("backup",),
        ("restore",),
        ("records",),
        ("records", "prune", "--hours", "3"),
        ("records", "export"),
        ("records", "export", "file", "--days", "0"),
        *[("records", "prune", "--days", value) for value in ("0", "-1", "nan", "inf", "x")],
        *[("records", "prune", "--bytes", value) for value in ("0", "-1", "x")],
    ],
    ids=" ".join,
)
@sqlite_only
def test_what_cannot_be_meant_is_refused(database: Database, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(list(arguments))
    assert "error:" in capsys.readouterr().err
    assert not database.file.exists()

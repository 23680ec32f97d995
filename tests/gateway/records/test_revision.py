"""A new file is what a migrated one is, an older one is migrated, and only that needs alembic."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from gateway.records.migrate import MIGRATIONS
from gateway.records.revision import NEWEST, bring_up_to_date, revision
from gateway.records.store import RecordsUnavailable

CHECKOUT = Path(__file__).parents[3]


def schema(file: Path) -> list[Any]:
    """Columns with their types and keys, and indices, of all tables."""
    with closing(connect(file)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        told = [(name, pragma, database.execute(f"PRAGMA {pragma}({name})").fetchall()) for name in tables for pragma in PRAGMAS]
        rowless = database.execute("SELECT name, wr FROM pragma_table_list ORDER BY name").fetchall()
        return [told, rowless, database.execute("SELECT * FROM alembic_version").fetchall()]


PRAGMAS = ("table_info", "foreign_key_list")


def indices(file: Path) -> list[Any]:
    with closing(connect(file)) as database:
        return database.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' ORDER BY tbl_name, name").fetchall()


def migrated(file: Path, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{file}", poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def up_to_date(file: Path) -> None:
    bring_up_to_date(create_engine(f"sqlite:///{file}", poolclass=NullPool))


def test_a_new_file_is_as_a_migrated_one(tmp_path: Path) -> None:
    made, led = tmp_path / "made", tmp_path / "led"
    up_to_date(made)
    migrated(led, "head")
    assert schema(made) == schema(led)
    assert indices(made) == indices(led)


def test_the_newest_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


@pytest.mark.parametrize("older", ["0001", "0002", "0003"])
def test_an_older_file_is_migrated(older: str, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    migrated(old, older)
    up_to_date(old)
    up_to_date(new)
    assert schema(old) == schema(new)


def test_one_that_was_not_made_to_its_end_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    with monkeypatch.context() as broken:
        broken.setattr("gateway.records.revision.NEWEST", object())  # no driver takes it
        with pytest.raises(Exception, match="not supported"):
            up_to_date(file)
    with closing(connect(file)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == []
    up_to_date(file)
    with create_engine(f"sqlite:///{file}", poolclass=NullPool).connect() as connection:
        assert revision(connection) == NEWEST


def test_one_that_newer_code_has_been_to_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    up_to_date(file)
    with closing(connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(RecordsUnavailable, match="9999"):
        up_to_date(file)


SERVING = """
import sys
from pathlib import Path
import gateway.server
from gateway.records.database import database_url, open_sink
open_sink(database_url(f"sqlite:///{sys.argv[1]}")).close()
print([name for name in ("alembic", "psycopg") if name in sys.modules])
"""


def test_serving_with_sqlite_imports_neither_alembic_nor_the_driver_of_postgresql(tmp_path: Path) -> None:
    """Together they take eighteen megabytes."""
    command = [sys.executable, "-c", SERVING, str(tmp_path / "records.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout == "[]\n"

"""A migrated database has the tables that the code describes, and one of another revision is told apart."""

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from gateway.records.batch import Batch, PredictionRow
from gateway.records.database import database_url, migrate_database
from gateway.records.migrate import _config
from gateway.records.revision import NEWEST, revision
from gateway.records.store import RecordsUnavailable, Retention
from gateway.records.tables import metadata
from tests.gateway.records.conftest import Database, NewDatabase
from tests.gateway.records.rows import NOON_MS, prediction

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def engine(database: Database) -> Engine:
    return create_engine(database_url(database.text), poolclass=NullPool)


POSTGRES_INDICES = {"ix_predictions_digit", "ix_predictions_model_version"}


def is_described(name: str | None, kind: str = "table", parents: object = None) -> bool:
    """PostgreSQL's partitions are not."""
    return kind != "table" or not str(name).startswith("predictions_")


def differences(connection: Connection) -> list[Any]:
    """Alembic does not ask an index for which dialect it is."""

    def is_meant(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        return kind != "index" or reflected or connection.dialect.name == "postgresql" or name not in POSTGRES_INDICES

    options = {"include_name": is_described, "include_object": is_meant}
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found


def test_migrations_lead_to_the_described_tables(database: Database, engine: Engine) -> None:
    with engine.connect() as connection:
        assert revision(connection) is None
    assert migrate_database(database_url(database.text)) == NEWEST
    with engine.connect() as connection:
        assert differences(connection) == []
        assert revision(connection) == NEWEST
        assert {name for name in inspect(connection).get_table_names() if is_described(name)} == {*metadata.tables, "alembic_version"}


def test_rare_digits_and_versions_have_an_index_in_postgresql_alone(database: Database, engine: Engine) -> None:
    migrate_database(database_url(database.text))
    with engine.connect() as connection:
        found = {index["name"] for index in inspect(connection).get_indexes("predictions")}
    assert found == (POSTGRES_INDICES if database.kind == "postgresql" else set())


def test_migrating_twice_changes_nothing(database: Database, engine: Engine) -> None:
    for _ in range(2):
        migrate_database(database_url(database.text))
    with engine.connect() as connection:
        assert revision(connection) == NEWEST


def test_a_database_that_newer_code_has_been_to_is_unavailable(database: Database, engine: Engine) -> None:
    migrate_database(database_url(database.text))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsUnavailable, match="9999"):
        migrate_database(database_url(database.text))
    with pytest.raises(RecordsUnavailable, match="9999"):
        database.open()


MANY_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from gateway.records.database import database_url, migrate_database
with ThreadPoolExecutor(4) as threads:
    for told in threads.map(migrate_database, [database_url(f"sqlite:///{sys.argv[1]}/{number}") for number in range(12)]):
        print(told)
"""


def test_threads_may_migrate_at_the_same_time(tmp_path: Path) -> None:
    """In a process of its own, which ends where two threads get hold of one connection."""
    done = subprocess.run([sys.executable, "-c", MANY_AT_ONCE, str(tmp_path)], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.split() == [NEWEST] * 12


@pytest.mark.system
def test_postgresql_s_predictions_become_partitions_without_being_copied_and_can_come_back(new_database: NewDatabase) -> None:
    database = new_database("postgresql")
    engine = create_engine(database_url(database.text), poolclass=NullPool)
    rows = [prediction(at_ms) for at_ms in (NOON_MS, int(time.time() * 1000), int(time.time() * 1000) + 86_400_000 * 30)]
    migrate_to(engine, "0003")
    insert = text(f"INSERT INTO predictions VALUES ({', '.join(f':{name}' for name in PredictionRow._fields)})")
    with engine.begin() as connection:
        connection.execute(insert, [row._asdict() for row in rows])
        lies = connection.execute(text("SELECT pg_relation_filenode('predictions')")).scalar_one()
    migrate_to(engine, "head")
    where = text("SELECT id, tableoid::regclass::text FROM predictions ORDER BY id")
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(where)] == [
            (rows[0].id, "predictions_before"),
            (rows[1].id, "predictions_before"),
            (rows[2].id, "predictions_default"),
        ]
        assert connection.execute(text("SELECT pg_relation_filenode('predictions_before')")).scalar_one() == lies
        assert differences(connection) == []
    with closing(database.open()) as store:
        store.write(Batch([later := prediction(int(time.time() * 1000) + 86_400_000)]))
        assert store.tidy(Retention(days=30, bytes=2**40)) == 1
    migrate_to(engine, "0003")
    with engine.connect() as connection:
        assert [row[0] for row in connection.execute(where)] == [rows[1].id, later.id, rows[2].id]
        assert inspect(connection).get_table_names().count("predictions") == 1
        assert {name for name in inspect(connection).get_table_names() if name.startswith("predictions")} == {"predictions"}
    migrate_to(engine, "head")


def migrate_to(engine: Engine, wanted: str) -> None:
    with engine.begin() as connection:
        now = revision(connection)
        move = command.upgrade if now is None or wanted == "head" else command.downgrade
        move(_config(connection), wanted)

"""A migrated database has the tables that the code describes, and one of another revision is told apart."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from gateway.records.database import database_url, migrate_database
from gateway.records.revision import NEWEST, revision
from gateway.records.store import RecordsUnavailable
from gateway.records.tables import metadata
from tests.gateway.records.conftest import Database

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def engine(database: Database) -> Engine:
    return create_engine(database_url(database.text), poolclass=NullPool)


def test_migrations_lead_to_the_described_tables(database: Database, engine: Engine) -> None:
    with engine.connect() as connection:
        assert revision(connection) is None
    assert migrate_database(database_url(database.text)) == NEWEST
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert revision(connection) == NEWEST
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


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

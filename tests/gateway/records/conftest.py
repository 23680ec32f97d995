"""An empty database to keep records in, of either kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from gateway.records.database import database_url, migrate_database
from gateway.records.postgres import open_postgres
from gateway.records.store import Store, open_sqlite
from tests.gateway.records.postgres import PostgresServer, postgres_server


@dataclass(frozen=True)
class Database:
    """By its URL, as an operator names it."""

    text: str

    def open(self) -> Store:
        """A connection that writes, to a database that is migrated by then."""
        url = database_url(self.text)
        if self.kind == "sqlite":
            return open_sqlite(self.file)
        migrate_database(url)
        return open_postgres(url)

    @property
    def kind(self) -> str:
        return database_url(self.text).get_backend_name()

    @property
    def file(self) -> Path:
        return Path(str(database_url(self.text).database))

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """All that is committed, in no order."""
        with create_engine(database_url(self.text), poolclass=NullPool).connect() as connection:
            return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def restarted(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The server, which runs again after the test whatever that did to it."""
    yield postgres
    if not postgres.runs:
        postgres.start()


NewDatabase = Callable[[str], Database]


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """`new_database("sqlite")` or `new_database("postgresql")`: another one each time."""
    made: list[Database] = []

    def make(kind: str) -> Database:
        if kind == "postgresql":
            database = Database(request.getfixturevalue("postgres").new_database())
        else:
            database = Database(f"sqlite:///{tmp_path / f'records-{len(made)}.sqlite'}")
        made.append(database)
        return database

    return make


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> Database:
    return new_database(request.param)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = database.open()
    yield opened
    opened.close()

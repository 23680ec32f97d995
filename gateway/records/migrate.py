"""A database's revision: brought to the newest, or found to be another than this code knows."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision. Two that start together do it one after the other.

    Raises sqlalchemy's DBAPIError, and alembic's CommandError for a database that newer code has been to.
    """
    with ONE_AT_A_TIME, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        command.upgrade(_config(connection), "head")


def revision(connection: Connection) -> str | None:
    """What the database is at; None: nothing of ours is in it."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """What this code is written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


LOCK = int.from_bytes(b"digits", "big")
"""Between processes, in PostgreSQL; SQLite has a file's lock."""

ONE_AT_A_TIME = threading.Lock()
"""In this process: alembic keeps the connection that it works on in a global, and two threads on one connection end the process."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

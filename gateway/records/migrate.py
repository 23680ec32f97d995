"""A database of an older revision brought to the newest, by alembic's migrations."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from gateway.records.store import RecordsUnavailable, in_a_line

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision. Two that start together do it one after the other.

    Raises RecordsUnavailable for a database that newer code has been to, and sqlalchemy's DBAPIError.
    """
    with ONE_AT_A_TIME, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise RecordsUnavailable(in_a_line(error)) from error


LOCK = int.from_bytes(b"digits", "big")
"""Between processes, in PostgreSQL; SQLite has a file's lock."""

ONE_AT_A_TIME = threading.Lock()
"""In this process: alembic keeps the connection that it works on in a global, and two threads on one connection end the process."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config

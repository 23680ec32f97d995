"""Records in PostgreSQL: all that knows its driver, which is imported only where records are kept there."""

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from gateway.records.revision import NEWEST, revision
from gateway.records.statements import Statements
from gateway.records.store import CONNECT_SECONDS, DRIVER_ERRORS, STATEMENT_MS, Errors, RecordsUnavailable, Store, in_a_line

OLDEST = 15
ERRORS = Errors(refusing=(psycopg.DataError, ValueError, OverflowError), failing=(*DRIVER_ERRORS, psycopg.Error))


def open_postgres(url: URL) -> Store:
    """Raises RecordsUnavailable, also where the database is at another revision than this code."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        with engine.connect() as connection:
            found = revision(connection)
        if found != NEWEST:
            raise RecordsUnavailable(
                f"the database is at revision {found} and this gateway needs {NEWEST}; run `python -m gateway migrate`"
            )
        raw = psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={STATEMENT_MS}",
        )
    except ERRORS.failing as error:
        raise RecordsUnavailable(in_a_line(error)) from error
    major = raw.info.server_version // 10_000
    if major < OLDEST:
        raw.close()
        raise RecordsUnavailable(f"this is PostgreSQL {major} and {OLDEST} or newer is needed")
    dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
    return Store(raw, Statements(dialect, postgresql.insert), ERRORS)

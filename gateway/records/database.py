"""Which database records are kept in, by its URL, and the ways to bring it up to date and to write there."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from gateway.records.elected import migrate_unwritten, open_elected
from gateway.records.revision import NEWEST
from gateway.records.store import DRIVER_ERRORS, RecordsUnavailable, Sink, in_a_line


def database_url(text: str) -> URL:
    """The URL of a database that records can be kept in. Raises ValueError that says what is taken."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(f"{text!r} is no database URL; give sqlite:////path or postgresql://user:password@host/name") from None
    match url.get_backend_name():
        case "sqlite" if url.database not in (None, "", ":memory:"):
            return url
        case "postgresql":
            # a database made without an encoding would else be answered for in bytes
            return url.set(drivername="postgresql+psycopg").update_query_dict({"client_encoding": "utf8", **url.query})
        case _:
            raise ValueError("records are kept in a SQLite file or in PostgreSQL; give sqlite:////path or postgresql://...")


def open_sink(url: URL) -> Sink:
    """Where batches go: PostgreSQL, or the one process that writes this SQLite file. Raises RecordsUnavailable."""
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        return open_elected(Path(url.database))
    from gateway.records.postgres import open_postgres  # nine megabytes, which nobody else should pay for

    return open_postgres(url)


def open_existing(url: URL) -> Sink:
    """As `open_sink`, but a SQLite file that is not there is not made. Raises RecordsUnavailable."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise RecordsUnavailable(f"{url.database} is not there")
    return open_sink(url)


def migrate_database(url: URL) -> str:
    """Bring it to the newest revision, which is returned. Raises RecordsUnavailable, also where a gateway writes this SQLite file now."""
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        migrate_unwritten(Path(url.database))
    else:
        from gateway.records.migrate import migrate
        from gateway.records.silence import patient_engine

        try:
            migrate(patient_engine(url, poolclass=NullPool))
        except DRIVER_ERRORS as error:
            raise RecordsUnavailable(in_a_line(error)) from error
    return NEWEST

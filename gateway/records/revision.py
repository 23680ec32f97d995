"""A database's revision, and a new SQLite file made at the newest: without alembic, which is for databases of an older one alone.

A gateway that serves would otherwise keep ten megabytes of it in memory for what happens once.
"""

from sqlalchemy import Column, Connection, Engine, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select

from gateway.records.tables import metadata

NEWEST = "0005"
"""What this code is written for: the last file of `migrations`."""

alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As alembic makes it."""


def revision(connection: Connection) -> str | None:
    """What the database is at; None: nothing of ours is in it."""
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.execute(select(alembic_version.c.version_num)).scalar_one_or_none()


def bring_up_to_date(engine: Engine) -> None:
    """A SQLite file to the newest revision; nobody else writes it meanwhile.

    Raises RecordsUnavailable where newer code has been to it, sqlalchemy's DBAPIError.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # else its driver commits each table by itself
        found = revision(connection)
        if found is None:
            metadata.create_all(connection)
            alembic_version.create(connection)
            connection.execute(insert(alembic_version).values(version_num=NEWEST))
    if found not in (None, NEWEST):
        from gateway.records.migrate import migrate

        migrate(engine)

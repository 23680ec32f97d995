"""A migrated database has the tables that the code describes, and one of another revision is told apart."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from gateway.records.migrate import migrate, newest_revision, revision
from gateway.records.tables import metadata


def test_migrations_lead_to_the_described_tables(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'records.sqlite'}", poolclass=NullPool)
    with engine.connect() as connection:
        assert revision(connection) is None
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert revision(connection) == newest_revision()
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'a % b' / 'records.sqlite'}".replace(" % ", "-"), poolclass=NullPool)
    (tmp_path / "a-b").mkdir()
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        assert revision(connection) == newest_revision()

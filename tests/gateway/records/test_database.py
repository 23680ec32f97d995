"""A database is named by its URL; what cannot be one is said."""

import pytest

from gateway.records.database import database_url


def test_postgresql_is_reached_by_psycopg() -> None:
    assert database_url("postgresql://user:pass%40word@host/name").drivername == "postgresql+psycopg"
    assert database_url("postgresql://user:pass%40word@host/name").password == "pass@word"
    assert database_url("postgresql://host/name?sslmode=require").query == {"client_encoding": "utf8", "sslmode": "require"}


def test_a_sqlite_url_names_a_file() -> None:
    assert database_url("sqlite:////var/lib/digits/records.sqlite").database == "/var/lib/digits/records.sqlite"


@pytest.mark.parametrize("url", ["", "records.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://user@host/name", "http://host/"])
def test_another_url_is_refused_with_what_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:////path or postgresql://"):
        database_url(url)

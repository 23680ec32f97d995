import stat
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from gateway.__main__ import main

DATABASE = "postgresql://digitserve@postgres/digitserve"


def made_in(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text().strip() for file in folder.rglob("*") if file.is_file()}


def test_each_is_made_once(tmp_path: Path) -> None:
    assert main(["secrets", str(tmp_path), "--database", DATABASE]) == 0
    first = made_in(tmp_path)
    assert set(first) == {"gateway/secret", "gateway/database_url", "postgres/password", "grafana/password"}
    assert len({first["gateway/secret"], first["postgres/password"], first["grafana/password"]}) == 3
    assert main(["secrets", str(tmp_path), "--database", DATABASE]) == 0
    assert made_in(tmp_path) == first


def test_what_is_missing_is_made_of_what_is_there(tmp_path: Path) -> None:
    main(["secrets", str(tmp_path), "--database", DATABASE])
    first = made_in(tmp_path)
    (tmp_path / "gateway" / "database_url").unlink()
    main(["secrets", str(tmp_path), "--database", DATABASE])
    assert made_in(tmp_path) == first


def test_the_database_is_told_with_its_password(tmp_path: Path) -> None:
    main(["secrets", str(tmp_path), "--database", DATABASE])
    made = made_in(tmp_path)
    told = make_url(made["gateway/database_url"])
    assert (told.username, told.host, told.database) == ("digitserve", "postgres", "digitserve")
    assert told.password == made["postgres/password"]


def test_nobody_but_the_gateway_reads_its_own(tmp_path: Path) -> None:
    main(["secrets", str(tmp_path), "--database", DATABASE])
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in made_in(tmp_path)}
    assert modes == {"gateway/secret": 0o600, "gateway/database_url": 0o600, "postgres/password": 0o444, "grafana/password": 0o444}


@pytest.mark.parametrize("database", ["postgres", "postgresql://postgres/digitserve", "postgresql://user:password@postgres/digitserve"])
def test_a_url_that_will_not_do_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], database: str) -> None:
    assert main(["secrets", str(tmp_path), "--database", database]) == 1
    said = f"digitserve: '{database}' is no URL of a database without its password; give one like postgresql://user@host/name\n"
    assert capsys.readouterr().err == said
    assert made_in(tmp_path) == {}

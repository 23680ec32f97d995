"""An archive is where it was asked for, or one line says why not."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.__main__ import main
from tests.model.commands.saying import Printed, complaint


def test_building_an_archive_prints_where_it_is_or_why_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed) -> None:
    class NotExportable(Exception):
        pass

    def build_archive(released: Path, out_folder: Path) -> Path:
        if not released.exists():
            raise NotExportable(f"{released} is missing")
        return out_folder / "digits.mar"

    monkeypatch.setitem(sys.modules, "model.export", SimpleNamespace(build_archive=build_archive, NotExportable=NotExportable))
    assert main(["archive", "--released", str(tmp_path), "--out", "folder"]) == 0
    assert capsys.readouterr().out.splitlines() == ["folder/digits.mar"]
    assert main(["archive", "--released", str(tmp_path / "none")]) == 1
    assert "is missing" in complaint(capsys)

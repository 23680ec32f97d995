"""`python -m model adversarial` says in one line what it lacks, before any work."""

import sys
from pathlib import Path

import pytest

from model.__main__ import main

Printed = pytest.CaptureFixture[str]


def test_without_the_libraries_it_is_one_line_and_no_data_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Printed
) -> None:
    monkeypatch.setitem(sys.modules, "art.attacks.evasion", None)
    assert main(["adversarial", "--data", str(tmp_path / "none"), "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("python -m model adversarial: attacks need adversarial-robustness-toolbox")
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [["--noisy-pictures", "0"], ["--pictures", "3", "--noisy-pictures", "4"]])
def test_numbers_of_pictures_that_cannot_be_are_refused(wrong: list[str], capsys: Printed) -> None:
    assert main(["adversarial", *wrong]) == 1
    assert capsys.readouterr().err.startswith("python -m model adversarial: --noisy-pictures is ")

"""What a user gets wrong is one line, and a trial leaves the committed results alone."""

from pathlib import Path

import pytest

from model.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["arabic", "--data", "nowhere.zip"], "nowhere.zip"),
        (["arabic", "--data", "{zip}", "--evidence", "{tmp}"], "5 folds cannot be made of 4 writers"),
        (["arabic", "--data", "{zip}", "--folds", "3"], "--folds 3 cuts what is measured"),
        (["arabic-choice", "--data", "{zip}", "--epochs", "1"], "--epochs 1 cuts what is measured"),
        (["arabic", "--data", "{zip}", "--epochs", "0"], "--epochs is 0; it is at least 1"),
        (["arabic-page", "--evidence", "{tmp}"], "is missing"),
    ],
    ids=["no file", "too few writers", "other folds", "fewer epochs", "no epochs", "no results"],
)
def test_a_mistake_is_one_line(arguments: list[str], line: str, madbase: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [argument.format(zip=madbase, tmp=tmp_path) for argument in arguments]
    assert main([*given, *(["--scratch", str(tmp_path)] if given[0] != "arabic-page" else [])]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert line in told[-1]
    assert told[-1].startswith(f"python -m model {given[0]}: ")


@pytest.mark.system
def test_a_file_becomes_a_table_and_a_page(madbase: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = tmp_path / "evidence"
    options = ["--data", str(madbase), "--folds", "2", "--epochs", "1", "--scratch", str(tmp_path / "runs"), "--evidence", str(evidence)]
    assert main(["arabic", *options]) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if "mean" in line]) == 4
    assert (tmp_path / "ARABIC.md").read_text().count("| released (") == 2

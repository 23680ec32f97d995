"""What was measured is read as it was written, and what was not is told from a file that is damaged."""

import re
from pathlib import Path

import pytest

from model.committed import EVIDENCE
from model.evaluate import write_json
from model.results import read_result

COMMITTED = sorted(EVIDENCE.glob("*.json"))


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_json({"n": 3, "who": "Zoë"}, tmp_path / "some.json")
    assert read_result(tmp_path / "some.json") == {"n": 3, "who": "Zoë"}


def test_what_was_not_measured_is_none(tmp_path: Path) -> None:
    assert read_result(tmp_path / "none.json") is None


def test_a_damaged_file_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"n": ')
    with pytest.raises(ValueError, match="Expecting value"):
        read_result(tmp_path / "cut.json")


@pytest.mark.parametrize("path", COMMITTED, ids=[path.stem for path in COMMITTED])
def test_a_committed_result_says_what_made_it_when_of_which_commit_for_how_long_and_on_what(path: Path) -> None:
    result = read_result(path)
    assert result is not None
    made = result["made"] if "signature" in result else result["generated"]
    assert made["command"].startswith("python -m ")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ", made["date"])
    assert re.fullmatch(r"[0-9a-f]{12}\+?", made["commit"])
    assert made["seconds"] > 0
    assert made["machine"]["processor"]
    assert made["machine"]["cores"] >= 1

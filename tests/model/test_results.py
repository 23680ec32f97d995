"""What was measured is read as it was written, and what was not is told from a file that is damaged."""

from pathlib import Path

import pytest

from model.evaluate import write_json
from model.results import read_result


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_json({"n": 3, "who": "Zoë"}, tmp_path / "some.json")
    assert read_result(tmp_path / "some.json") == {"n": 3, "who": "Zoë"}


def test_what_was_not_measured_is_none(tmp_path: Path) -> None:
    assert read_result(tmp_path / "none.json") is None


def test_a_damaged_file_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"n": ')
    with pytest.raises(ValueError, match="Expecting value"):
        read_result(tmp_path / "cut.json")

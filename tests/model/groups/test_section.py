"""The section says by how much the form series differ, whether that is chance, and what is not known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.evaluate import write_json
from model.groups.measure import Answers, by_group
from model.groups.section import UNKNOWN, section
from model.splitting import Writers

N = 2_000


@pytest.fixture
def measured(tmp_path: Path) -> dict[str, Any]:
    """As the command writes it: staff are read without an error, of the students one picture in twenty is not."""
    writer = np.repeat(np.arange(100), 20).astype(np.uint16)
    series = np.where(writer < 50, 0, 4).astype(np.uint8)
    correct = (series == 0) | (np.arange(N) % 20 != 0)
    answers = Answers((np.arange(N) % 10).astype(np.uint8), correct, np.ones(N, bool), Writers(writer, series))
    made = {"command": "python -m model groups", "date": "2026-01-01T00:00Z", "seconds": 4.2, "machine": {"processor": "Processor X"}}
    panels = {
        name: {"panel": said, **by_group(answers, 0, 500)} for name, said in (("test", "the test"), ("validation", "held-out pictures"))
    }
    write_json({"generated": made, "seed": 0, "resamples": 500, "n": N, **panels}, tmp_path / "groups.json")
    loaded: dict[str, Any] = json.loads((tmp_path / "groups.json").read_text())
    return loaded


def test_figures_are_the_evidence_s(measured: dict[str, Any]) -> None:
    text = section(measured)
    assert "| census staff (HSF 0) | 50 | 1,000 | 100.00 % [100.00 %, 100.00 %] | 0 |" in text
    assert "| students (HSF 4) | 50 | 1,000 | 95.00 % [95.00 %, 95.00 %] | 50 |" in text
    assert "(500 resamples, seed 0)" in text
    assert "by `python -m model groups` in 4 s on Processor X" in text
    measured["test"]["groups"][0]["errors"] = 77
    assert "| 77 |" in section(measured)


def test_a_difference_beyond_chance_is_called_one_and_by_how_much(measured: dict[str, Any]) -> None:
    text = section(measured)
    assert (
        "The form series differ by more than chance: accuracy of census staff minus that of students is +5.00 points [+5.00, +5.00]" in text
    )
    measured["test"]["difference"]["accuracy"] = {"estimate": 0.001, "low": -0.002, "high": 0.004}
    text = section(measured)
    assert (
        "The form series differ within their interval: accuracy of census staff minus that of students is +0.10 points [-0.20, +0.40]"
        in text
    )
    assert "by more than chance" not in text


def test_the_worst_writers_stand_beside_chance(measured: dict[str, Any]) -> None:
    assert "- HSF 4: 0 of 50 writers had every digit read right; the most errors on one were 1." in section(measured)
    assert "The tenth read worst (5) had 95.00 % on average; were all read alike it would be " in section(measured)


def test_one_series_or_nothing_measured_is_said_to_be_so(measured: dict[str, Any]) -> None:
    measured["test"]["difference"] = measured["validation"]["difference"] = None
    assert "not measured, for want of one of them" in section(measured)
    assert section(None) == f"## Groups\n\nNot measured; `python -m model groups` does.\n\n{UNKNOWN}"


def test_it_says_what_is_known_of_the_writers_and_that_nothing_else_is(measured: dict[str, Any]) -> None:
    for text in (section(None), section(measured)):
        assert "HSF 0 is census staff and HSF 4 is students; nothing else is known of the writers" in text

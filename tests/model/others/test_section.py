"""What was measured has a row, what was not is named, and every figure is the evidence's."""

from typing import Any

import pytest

from model.others.section import section
from model.others.wanted import WANTED


@pytest.fixture
def usps() -> dict[str, Any]:
    made = {"command": "python -m model evaluate --data usps.t.bz2", "date": "2026-01-01T00:00Z", "seconds": 12.3}
    through = {"accuracy": 0.9746, "interval": [0.967, 0.981], "accepted": {"coverage": 0.95, "n": 1_907, "accuracy": 0.99, "errors": 19}}
    return {
        "generated": {**made, "machine": {"processor": "Processor X"}},
        "form": "libsvm",
        "n": 2_007,
        "preprocessed": through,
        "raw": {"accuracy": 0.9342, "interval": [0.92, 0.94]},
    }


def test_a_measured_set_has_its_row_and_its_source(usps: dict[str, Any]) -> None:
    text = section({"usps-test": usps})
    assert "| USPS, test part | 2,007 | 97.46 % [96.70 %, 98.10 %] | 93.42 % [92.00 %, 94.00 %] | 95.00 % | 1.00 % (19 of 1,907) |" in text
    assert "Read as libsvm on 2026-01-01T00:00Z by `python -m model evaluate --data usps.t.bz2` in 12 s on Processor X." in text


def test_what_nobody_had_is_listed_as_not_evaluated(usps: dict[str, Any]) -> None:
    missing = section({"usps-test": usps}).split("Not evaluated")[1]
    assert {name for name, each in WANTED.items() if f"- {each.title}: " in missing} == set(WANTED) - {"usps-test"}
    assert all(f"- {each.title}: " in section({}) for each in WANTED.values())
    assert "Not evaluated" not in section(dict.fromkeys(WANTED, usps))


def test_a_set_of_the_reader_s_own_goes_by_its_name_after_the_known_ones(usps: dict[str, Any]) -> None:
    rows = [line for line in section({"aunt-mary": usps, "usps-test": usps}).splitlines() if line.startswith("| ") and "2,007" in line]
    assert [row.split(" |")[0] for row in rows] == ["| USPS, test part", "| aunt-mary"]


def test_with_nothing_accepted_no_share_of_it_is_wrong(usps: dict[str, Any]) -> None:
    usps["preprocessed"]["accepted"] = {"coverage": 0.0, "n": 0, "accuracy": None, "errors": 0}
    assert "| 0.00 % | - |" in section({"usps-test": usps})

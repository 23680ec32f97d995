"""The gate signs what it decides, lets an equal through, and refuses a planted candidate that learnt two digits the wrong way round."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.export import fingerprint
from model.gate_report import FILE, PAGE, ReportRefused, passed
from model.inference import Classifier
from model.provenance import Begun
from model.renewal.criteria import Margins
from model.renewal.gate import Side, compare
from model.renewal.panels import Asked
from tests.model.renewal.conftest import World, panel

SECRET = b"s" * 32
WIDE = Margins(test_set=0.02, digits=0.08, writer_groups=0.03, corrupted=0.05, hard=0.1, latency=10.0)
"""For 400 pictures and a machine that does other things as well."""


def gate(world: World, candidate: Path, log: Path) -> dict[str, Any]:
    asked = Asked(panel(world.test), np.arange(0, 400, 4), np.arange(0, 400, 8), world.validation, None, seed=0, corruptions=("stripe",))
    sides = [Side(folder, Classifier(folder)) for folder in (candidate, world.current)]
    begun = Begun("python -m model gate")
    return compare(sides[0], sides[1], asked, SECRET, begun=begun, log=log, margins=WIDE, resamples=200, calls={1: 9})


@pytest.fixture
def equal(world: World, tmp_path: Path) -> Path:
    """The current network with another threshold, which is another version."""
    folder = tmp_path / "equal"
    shutil.copytree(world.current, folder)
    release = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**release, "accept_threshold": 0.5}))
    return folder


def test_an_equal_passes_and_its_report_is_believed(world: World, equal: Path, tmp_path: Path) -> None:
    report = gate(world, equal, tmp_path / "LOG.md")
    assert report["decision"] == "pass", [row for row in report["criteria"] if not row["passed"]]
    versions = {role: report[role]["version"] for role in ("candidate", "current")}
    assert versions["candidate"] != versions["current"]
    assert passed(equal, SECRET, model="bars", **versions) == report
    assert {report[role]["model"] for role in versions} == {"bars"}
    assert (tmp_path / "LOG.md").read_text().count("bars") == 2
    assert "# Gate: pass" in (equal / PAGE).read_text()


def test_a_planted_candidate_that_swaps_4_and_9_is_refused(world: World, swapping: Path, tmp_path: Path) -> None:
    report = gate(world, swapping, tmp_path / "LOG.md")
    assert report["decision"] == "refuse"
    failed = [row["name"] for row in report["criteria"] if not row["passed"]]
    assert {"test set", "digits", "writer groups", "known digits"} <= set(failed)
    with pytest.raises(ReportRefused, match="says no: test set"):
        passed(swapping, SECRET, model="bars", candidate=report["candidate"]["version"], current=report["current"]["version"])
    assert "| digits: a 4 | 40 | 0.00 % | 100.00 % | -100.00" in (swapping / PAGE).read_text()


def test_weights_changed_after_the_gate_are_another_version(world: World, equal: Path, tmp_path: Path) -> None:
    report = gate(world, equal, tmp_path / "LOG.md")
    shutil.copy(world.current / "weights.pt", equal / "weights.pt")
    (equal / "weights.pt").write_bytes((equal / "weights.pt").read_bytes() + b"\0")
    with pytest.raises(ReportRefused, match="is of the candidate"):
        passed(equal, SECRET, model="bars", candidate=fingerprint(equal), current=report["current"]["version"])


def test_what_stands_in_the_file_is_what_was_signed_margins_included(world: World, equal: Path, tmp_path: Path) -> None:
    report = gate(world, equal, tmp_path / "LOG.md")
    told = json.loads((equal / FILE).read_text())
    assert told == report
    assert told["margins"]["test_set"] == WIDE.test_set

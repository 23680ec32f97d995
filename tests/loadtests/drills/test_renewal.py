"""The renewal drill takes no failure for a refusal, and no other report for the damaged candidate's."""

import json
import os
import sys
from collections.abc import Sequence

import pytest

from loadtests.drills.renewal import GATE_REPORT, REFUSE, refused, says_no
from loadtests.programs import Failed
from model import gate_report


def ends(code: int, saying: str) -> Sequence[str]:
    return sys.executable, "-c", f"import sys; print({saying!r}, file=sys.stderr); sys.exit({code})"


def test_a_report_is_called_what_the_gate_calls_it() -> None:
    assert (GATE_REPORT, REFUSE) == (gate_report.FILE, gate_report.REFUSE)


def test_what_is_refused_for_the_reason_that_is_meant_is_well() -> None:
    refused("it was let on", ends(1, "version ab is refused: gate-report.json says no: digits"), os.environ, "says no")


def test_what_is_let_on_is_a_failure() -> None:
    with pytest.raises(Failed, match=r"^it was let on$"):
        refused("it was let on", ends(0, "says no"), os.environ, "says no")


def test_what_ends_for_another_reason_is_a_failure() -> None:
    with pytest.raises(Failed, match=r"exit code 1, and not for `says no`: the gateway does not say what it serves"):
        refused("it was let on", ends(1, "the gateway does not say what it serves"), os.environ, "says no")


@pytest.mark.parametrize(("version", "decision"), [("ab", "pass"), ("cd", "refuse")])
def test_a_report_that_lets_it_on_or_is_of_another_is_a_failure(version: str, decision: str) -> None:
    with pytest.raises(Failed, match=f"should refuse version ab, and says {decision} of {version}"):
        says_no(json.dumps({"candidate": {"version": version}, "decision": decision}), "ab")


def test_a_report_that_refuses_it_is_well() -> None:
    says_no(json.dumps({"candidate": {"version": "ab"}, "decision": "refuse"}), "ab")

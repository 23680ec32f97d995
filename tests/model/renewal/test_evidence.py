"""What LOG says of renewal is what the committed results say, and these hang together."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import model
from model.gate_report import CRITERIA, PASS, REFUSE
from model.renewal.recipe import TUNED
from model.renewal.training import named

MODEL = Path(model.__file__).parent


def result(name: str) -> dict[str, Any]:
    return dict(json.loads((MODEL / "evidence" / f"{name}.json").read_text()))


def test_the_gate_judged_the_candidate_that_was_made() -> None:
    made, judged = result("renewal"), result("renewal-gate")
    assert {role: judged[role]["version"] for role in ("candidate", "current")} == {
        role: made[role]["version"] for role in ("candidate", "current")
    }
    assert judged["decision"] == PASS
    assert tuple(row["name"] for row in judged["criteria"]) == CRITERIA
    assert made["labelled"]["pictures"]["gate"] == judged["asked"]["labelled"]["n"]


def test_the_candidate_is_one_that_retrain_would_make_today() -> None:
    made = result("renewal")
    today = named(TUNED, made["labelled"]["file_sha256"], made["current"]["version"]).recipe
    assert [run["recipe"] for run in made["runs"]] == [json.loads(json.dumps(asdict(today)))]


def test_the_planted_candidate_was_refused_in_the_place_of_the_same_current() -> None:
    planted = result("renewal-gate-planted")
    assert planted["decision"] == REFUSE
    assert planted["current"] == result("renewal-gate")["current"]


def test_log_says_what_was_measured() -> None:
    log = " ".join((MODEL / "LOG.md").read_text().split("## Renewal")[1].split("## ")[0].split())
    labelled = next(row for row in result("renewal-gate")["criteria"] if row["name"] == "labelled records")
    assert (
        f"of {labelled['n']} labelled pictures kept from it {labelled['candidate']:.2%} instead of {labelled['current']:.2%}".replace(
            "%", " %"
        )
        in log
    )
    assert f"in {result('renewal')['generated']['processor_seconds']:.0f} s of processor" in log

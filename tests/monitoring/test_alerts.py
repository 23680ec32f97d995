"""Every alert fires just past its threshold and is silent at it, on low traffic and after restarts, and says what the operator needs."""

from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.cases import CASES, Case, Kind
from tests.monitoring.promtool import Ask, Scene, Told, failures, installed
from tests.monitoring.rules import alerts, groups, only, read_by

ALWAYS = "Watchdog"


def scene(case: Case) -> Scene:
    rule = alerts()[case.alert]
    asks = [
        Ask(at, f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}', {_series(rule, labels): 1 for labels in firing})
        for at, firing in case.fires.items()
    ]
    told = [
        Told(at, case.alert, {**rule["labels"], **case.fires[at][0]}, {**rule["annotations"], "description": says})
        for at, says in case.says.items()
    ]
    return Scene(f"{case.alert} {case.kind.value}: {case.name}", case.series, [*asks, *told], case.step)


def _series(rule: dict[str, Any], labels: dict[str, str]) -> str:
    every = {"alertname": rule["alert"], "alertstate": "firing", **rule["labels"], **labels}
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in every.items()) + "}"


@pytest.mark.system
@pytest.mark.parametrize("alert", alerts())
def test_every_alert_does_what_its_cases_say(alert: str, tmp_path: Path) -> None:
    scenes = [scene(case) for case in CASES if case.alert == alert]
    assert not (said := failures(installed("promtool"), only(read_by({alert}, groups()), groups()), scenes, tmp_path)), said


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_a_case_of_every_kind(alert: str) -> None:
    kinds = {case.kind for case in CASES if case.alert == alert}
    assert kinds == (set(Kind) if alert != ALWAYS else {Kind.FIRES})


@pytest.mark.parametrize("alert", alerts())
def test_what_an_alert_says_is_held_to_the_word(alert: str) -> None:
    assert any(case.says for case in CASES if case.alert == alert)


def test_no_case_is_of_an_alert_that_is_not_there() -> None:
    assert {case.alert for case in CASES} == set(alerts())


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_says_what_it_means_and_what_to_do(alert: str) -> None:
    rule = alerts()[alert]
    assert rule["labels"]["severity"] in ("critical", "warning", "none")
    assert set(rule["annotations"]) == {"summary", "description", "action", "runbook"}
    assert "$value" in rule["annotations"]["description"] or alert == "BaselineMissing"  # its value is always 1
    assert "{{" not in rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"monitoring/RUNBOOK.md#{alert.lower()}"

"""A cluster gets the very rules and dashboards that containers mount."""

from pathlib import Path

import pytest
import yaml

from monitoring.kubernetes import RULES, WRITTEN, groups_of, prometheus_rule
from tests.monitoring.rules import FILES, MONITORING, groups

KUSTOMIZATION = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())
NOTED_BESIDE = 262_144
"""Bytes that annotations may have; `kubectl apply` writes the object into one."""


def test_the_committed_rule_is_what_the_program_writes() -> None:
    assert WRITTEN.read_text() == prometheus_rule(), "run `python -m monitoring.kubernetes`"


def test_its_groups_are_those_of_the_rule_files() -> None:
    assert yaml.safe_load(prometheus_rule())["spec"]["groups"] == groups()
    assert RULES == FILES
    assert set(RULES) == set((MONITORING / "rules").iterdir())


def test_remarks_go_along() -> None:
    for path in RULES:
        for line in path.read_text().splitlines():
            assert not line.strip().startswith("#") or line.strip() in prometheus_rule()


def test_a_file_without_groups_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("rules: []\n")
    with pytest.raises(ValueError, match="has no line"):
        groups_of(tmp_path / "rules.yml")


def test_every_dashboard_is_there_and_small_enough_to_be_applied() -> None:
    generated = {each["name"]: each["files"] for each in KUSTOMIZATION["configMapGenerator"]}
    boards = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
    assert generated == {f"dashboard-{board.stem}": [str(board.relative_to(MONITORING))] for board in boards}
    for board in boards:
        assert len(yaml.safe_dump(board.read_text())) < NOTED_BESIDE

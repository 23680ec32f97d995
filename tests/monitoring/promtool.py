"""promtool asked in Python: series in, what must be the case at some time out."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.monitoring.rules import Group

APT = "apt-get install --no-install-recommends prometheus prometheus-alertmanager"


def installed(*names: str) -> str:
    """The program under one of these names. Fails, and names the command that installs it, where there is none."""
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"this test needs {names[0]}: {APT}"
    return found


@dataclass(frozen=True)
class Ask:
    """An instant query at a time, and the samples that it must give: labels as text, such as `{feature="ink"}`, to value."""

    at: str
    expr: str
    gives: Mapping[str, float]


@dataclass(frozen=True)
class Told:
    """An alert that must fire at a time with these labels and annotations, and no other of its name."""

    at: str
    alert: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """Series, one value each `step` from time 0 on, and what must hold. Rules are evaluated each step, or each `evaluated`."""

    name: str
    series: Mapping[str, str]
    holds: Sequence[Ask | Told]
    step: str = "1m"
    evaluated: str | None = None

    @property
    def pace(self) -> str:
        return self.evaluated or self.step


def failures(program: str, groups: list[Group], scenes: Sequence[Scene], folder: Path) -> str:
    """What promtool says against these rules; empty where all holds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yml").write_bytes(orjson.dumps({"groups": groups}))
    order = [group["name"] for group in groups]
    names = []
    for pace in sorted({scene.pace for scene in scenes}):
        names.append(f"test-{pace}.yml")
        tests = [_test(scene) for scene in scenes if scene.pace == pace]
        asked = {"rule_files": ["rules.yml"], "evaluation_interval": pace, "group_eval_order": order, "tests": tests}
        (folder / names[-1]).write_bytes(orjson.dumps(asked))
    done = subprocess.run([program, "test", "rules", *names], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def _test(scene: Scene) -> dict[str, Any]:
    return {
        "name": scene.name,
        "interval": scene.step,
        "input_series": [{"series": series, "values": values} for series, values in scene.series.items()],
        "promql_expr_test": [
            {
                "expr": ask.expr,
                "eval_time": ask.at,
                "exp_samples": [{"labels": labels, "value": value} for labels, value in ask.gives.items()],
            }
            for ask in scene.holds
            if isinstance(ask, Ask)
        ],
        "alert_rule_test": [
            {
                "alertname": told.alert,
                "eval_time": told.at,
                "exp_alerts": [{"exp_labels": told.labels, "exp_annotations": told.annotations}],
            }
            for told in scene.holds
            if isinstance(told, Told)
        ],
    }

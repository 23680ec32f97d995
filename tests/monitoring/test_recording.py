"""The records are what a recount, numpy and the textbook say, and the formula that counts growth is the same wherever it stands."""

import re
from pathlib import Path

import pytest

from tests.monitoring.promtool import Ask, Scene, failures, installed
from tests.monitoring.rules import NAME, groups, only, read_by, records, rules, without_strings
from tests.monitoring.scenes import SCENES

GROWTH = """sum by ({labels}) (
    last_over_time({series}[{window}]) - last_over_time({series}[1h] offset {window})
      and min_over_time({series}[{window}]) >= last_over_time({series}[1h] offset {window})
      and resets({series}[{window}]) == 0
  or last_over_time({series}[{window}]) and resets({series}[{window}]) == 0
  or increase({series}[{window}])
)"""


def asked_of(scene: Scene) -> set[str]:
    """The records that a scene asks for."""
    return {word for ask in scene.holds if isinstance(ask, Ask) for word in NAME.findall(without_strings(ask.expr)) if word in records()}


@pytest.mark.system
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_records_are_what_they_say(scene: Scene, tmp_path: Path) -> None:
    among = only(read_by(asked_of(scene), groups()), groups())
    assert not (said := failures(installed("promtool"), among, [scene], tmp_path)), said


def test_growth_is_counted_by_one_formula() -> None:
    counted = [rule for rule in rules(groups()) if "last_over_time" in rule["expr"] and "canary" not in rule["expr"]]
    assert len(counted) == 8
    for rule in counted:
        labels = re.findall(r"sum by \(([\w, ]+)\)", rule["expr"])[0]
        series = re.findall(r"last_over_time\(([^\[]+)\[", rule["expr"])[0]
        expected = GROWTH.format(labels=labels, series=series, window=rule["labels"]["window"])
        assert rule["expr"].split() == expected.split()


def test_every_record_is_asked_for_by_a_scene_or_read_by_a_rule() -> None:
    asked = set().union(*map(asked_of, SCENES))
    read = {word for rule in rules(groups()) for word in NAME.findall(without_strings(rule["expr"]))}
    assert records() <= asked | read

"""Custom resources have the fields that their definitions have, of the types that they have there."""

import copy
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from tests.k8s.manifests import Json, name_of, read
from tests.k8s.resources import CUSTOM

FILES = (
    "overlays/production/monitors.yaml",
    "overlays/production/prometheus-rule.yaml",
    "overlays/keda/scaled-objects.yaml",
    "examples/kserve.yaml",
)
OBJECTS = {f"{each['kind']} {name_of(each)}": each for path in FILES for each in read(path)}


@pytest.mark.parametrize("which", OBJECTS)
def test_a_custom_resource_keeps_to_its_definition(which: str) -> None:
    CUSTOM[OBJECTS[which]["kind"]].model_validate(OBJECTS[which])


def test_every_kind_is_used() -> None:
    assert {each["kind"] for each in OBJECTS.values()} == set(CUSTOM)


def misspelt(monitor: Json) -> None:
    monitor["spec"]["endpoints"][0]["intervall"] = "15s"


def in_minutes(monitor: Json) -> None:
    monitor["spec"]["endpoints"][0]["interval"] = "15 minutes"


def a_number(scaled: Json) -> None:
    scaled["spec"]["triggers"][0]["metadata"]["value"] = 70


def upside_down(scaled: Json) -> None:
    scaled["spec"]["minReplicaCount"] = scaled["spec"]["maxReplicaCount"] + 1


def by_value(scaled: Json) -> None:
    scaled["spec"]["triggers"][1]["metricType"] = "Value"


def twice(rule: Json) -> None:
    rule["spec"]["groups"].append(rule["spec"]["groups"][0])


def both(rule: Json) -> None:
    rule["spec"]["groups"][0]["rules"][0]["alert"] = "Both"


@pytest.mark.parametrize(
    ("which", "change"),
    [
        ("ServiceMonitor gateway", misspelt),
        ("ServiceMonitor gateway", in_minutes),
        ("ScaledObject gateway", a_number),
        ("ScaledObject gateway", upside_down),
        ("ScaledObject torchserve", by_value),
        ("PrometheusRule digitserve", twice),
        ("PrometheusRule digitserve", both),
    ],
)
def test_what_a_cluster_would_refuse_is_noticed(which: str, change: Callable[[Json], None]) -> None:
    changed = copy.deepcopy(OBJECTS[which])
    change(changed)
    with pytest.raises(ValidationError):
        CUSTOM[changed["kind"]].model_validate(changed)

"""The manifests carry what the replay chose, of what these figures say, and nothing else."""

from typing import Any

import pytest
import yaml

from gateway.metrics import Metrics
from loadtests.autoscaling.__main__ import K8S, MANIFEST
from loadtests.autoscaling.choose import Choice, Tried, choose
from loadtests.autoscaling.figures import FILE, read
from loadtests.autoscaling.hpa import Rules
from loadtests.autoscaling.manifest import IN_FLIGHT, QUEUE, manifest
from loadtests.autoscaling.service import Service

COMMITTED = (K8S / MANIFEST).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(Service.of(read(FILE)))


@pytest.fixture(scope="module")
def carried() -> dict[str, dict[str, Any]]:
    """By name."""
    return {told["metadata"]["name"]: told for told in yaml.safe_load_all(COMMITTED)}


@pytest.mark.parametrize("name", ["gateway", "torchserve"])
def test_the_manifests_carry_what_was_chosen(choice: Choice, carried: dict[str, dict[str, Any]], name: str) -> None:
    chosen: Tried = getattr(choice, name)
    setting, spec = chosen.setting, carried[name]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (setting.least, setting.most)
    cpu, waiting = spec["metrics"]
    assert cpu["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": setting.cpu_percent}}
    assert waiting[waiting["type"].lower()]["target"] == {"type": "AverageValue", "averageValue": str(setting.waiting)}
    assert rules(spec["behavior"]["scaleUp"]) == asked(setting.behavior.up)
    assert rules(spec["behavior"]["scaleDown"]) == asked(setting.behavior.down)


def test_they_are_two_autoscalers_of_deployments_of_their_names(carried: dict[str, dict[str, Any]]) -> None:
    assert set(carried) == {"gateway", "torchserve"}
    for name, told in carried.items():
        assert (told["apiVersion"], told["kind"]) == ("autoscaling/v2", "HorizontalPodAutoscaler")
        assert told["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}


def test_the_gateway_scales_on_its_own_load_and_torchserve_on_what_waits_for_it(carried: dict[str, dict[str, Any]]) -> None:
    assert carried["gateway"]["spec"]["metrics"][1]["pods"]["metric"] == {"name": IN_FLIGHT}
    queue = carried["torchserve"]["spec"]["metrics"][1]["object"]
    assert queue["metric"] == {"name": QUEUE}
    assert queue["describedObject"] == {"apiVersion": "v1", "kind": "Service", "name": "torchserve"}


@pytest.mark.anyio
async def test_the_gateway_tells_these_metrics() -> None:
    told = (await Metrics().text()).decode()
    assert f"\n{IN_FLIGHT} " in told
    assert f"\n{QUEUE} " in told


def test_the_file_is_what_the_command_writes(choice: Choice) -> None:
    assert manifest(choice) == COMMITTED


def rules(told: dict[str, Any]) -> tuple[object, ...]:
    policies = [(policy["type"], policy["value"], policy["periodSeconds"]) for policy in told["policies"]]
    return told["stabilizationWindowSeconds"], told["selectPolicy"], policies


def asked(told: Rules) -> tuple[object, ...]:
    return told.window_seconds, told.select, [(policy.kind, policy.value, policy.period_seconds) for policy in told.policies]

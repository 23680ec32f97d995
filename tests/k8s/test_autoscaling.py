"""Autoscalers, KEDA's objects and the adapter speak of the same series, which the gateway tells, and of the same thresholds."""

import re
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from gateway.series import Series
from tests.k8s.manifests import K8S, each_scaled, name_of, read, rendered
from tests.monitoring.promtool import Ask, Scene, failures, installed

AUTOSCALERS = {name_of(each): each["spec"] for each in read("overlays/production/autoscaling.yaml")}
SCALED_OBJECTS = {name_of(each): each["spec"] for each in read("overlays/keda/scaled-objects.yaml")}
ADAPTER = yaml.safe_load((K8S / "adapter-values.yaml").read_text())
RULES = {rule["seriesQuery"].partition("{")[0]: rule for rule in ADAPTER["rules"]["custom"]}
SCALED = ("gateway", "torchserve")
each_deployment = pytest.mark.parametrize("name", SCALED)


def metrics(name: str) -> dict[str, dict[str, Any]]:
    """Custom metrics of an autoscaler, each with its source, by the name of the metric."""
    sources = [each[each["type"].lower()] for each in AUTOSCALERS[name]["metrics"] if each["type"] in ("Pods", "Object")]
    return {source["metric"]["name"]: source for source in sources}


def gauges() -> set[str]:
    registry = CollectorRegistry()
    Series(registry)
    return {family.name for family in registry.collect() if family.type == "gauge"}


def test_both_are_scaled_and_nothing_else() -> None:
    assert set(AUTOSCALERS) == set(SCALED_OBJECTS) == set(SCALED)


@each_deployment
def test_an_autoscaler_has_room_and_never_leaves_one_pod_alone(name: str) -> None:
    spec = AUTOSCALERS[name]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
    [cpu] = [each["resource"]["target"]["averageUtilization"] for each in spec["metrics"] if each["type"] == "Resource"]
    assert 0 < cpu < 100


@each_deployment
def test_it_grows_at_once_and_shrinks_slowly(name: str) -> None:
    behavior = AUTOSCALERS[name]["behavior"]
    assert behavior["scaleUp"].get("stabilizationWindowSeconds", 0) < behavior["scaleDown"]["stabilizationWindowSeconds"]
    assert behavior["scaleDown"]["policies"]


def test_gateways_follow_their_own_load_and_torchserve_the_queue() -> None:
    assert set(metrics("gateway")) == {"gateway_inflight_requests"}
    [queue] = metrics("torchserve").values()
    assert queue["metric"]["name"] == "gateway_model_queue_depth"
    assert queue["describedObject"] == {"apiVersion": "v1", "kind": "Service", "name": "torchserve"}


@each_deployment
def test_it_scales_by_gauges_of_the_gateway_that_the_adapter_tells(name: str) -> None:
    """A counter would only ever grow."""
    assert set(metrics(name)) <= gauges()
    assert set(metrics(name)) <= set(RULES)


def test_the_adapter_tells_nothing_that_nobody_asks_for() -> None:
    assert set(RULES) == {metric for name in SCALED for metric in metrics(name)}
    assert ADAPTER["rules"]["default"] is False


@each_deployment
def test_keda_has_the_same_limits_and_thresholds(name: str) -> None:
    autoscaler, scaled = AUTOSCALERS[name], SCALED_OBJECTS[name]
    assert scaled["scaleTargetRef"] == autoscaler["scaleTargetRef"]
    assert scaled["minReplicaCount"] == autoscaler["minReplicas"]
    assert scaled["maxReplicaCount"] == autoscaler["maxReplicas"]
    assert scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == autoscaler["behavior"]
    [cpu] = [each["resource"]["target"]["averageUtilization"] for each in autoscaler["metrics"] if each["type"] == "Resource"]
    assert [trigger["metadata"]["value"] for trigger in scaled["triggers"] if trigger["type"] == "cpu"] == [str(cpu)]
    asked = [trigger for trigger in scaled["triggers"] if trigger["type"] == "prometheus"]
    assert len(asked) == len(metrics(name)) == 1
    for trigger, (metric, source) in zip(asked, metrics(name).items(), strict=True):
        assert trigger["metricType"] == source["target"]["type"]
        assert trigger["metadata"]["threshold"] in source["target"].values()
        assert trigger["metadata"]["query"] == f'sum({metric}{{namespace="digitserve"}})'


@each_deployment
def test_keda_takes_silence_for_a_failure_and_never_shrinks_on_it(name: str) -> None:
    scaled = SCALED_OBJECTS[name]
    assert scaled["fallback"]["behavior"] == "currentReplicasIfHigher"
    assert scaled["minReplicaCount"] <= scaled["fallback"]["replicas"] <= scaled["maxReplicaCount"]
    for trigger in scaled["triggers"]:
        if trigger["type"] == "prometheus":
            assert trigger["metadata"]["ignoreNullValues"] == "false"
            assert trigger["metadata"]["serverAddress"] == f"{ADAPTER['prometheus']['url']}:{ADAPTER['prometheus']['port']}"


@pytest.mark.system
@each_scaled
def test_who_is_scaled_has_no_number_of_its_own(name: str) -> None:
    for deployment in SCALED:
        assert "replicas" not in rendered(name).one("Deployment", deployment)["spec"]


@pytest.mark.system
def test_nobody_is_scaled_twice() -> None:
    assert rendered("production").names("HorizontalPodAutoscaler") == set(SCALED)
    assert not rendered("keda").names("HorizontalPodAutoscaler")
    assert rendered("keda").names("ScaledObject") == set(SCALED)


def query(metric: str, resource: str, values: dict[str, str]) -> str:
    """What the adapter asks Prometheus for, made of its template as its documentation says."""
    text = RULES[metric]["metricsQuery"]
    text = re.sub(r'<<index \.LabelValuesByName "(\w+)">>', lambda found: values[found[1]], text)
    matchers = ",".join(f'{label}{"=~" if "|" in value else "="}"{value}"' for label, value in values.items())
    for field, value in {"Series": metric, "LabelMatchers": matchers, "GroupBy": resource}.items():
        text = text.replace(f"<<.{field}>>", value)
    assert "<<" not in text
    return text


@pytest.mark.system
def test_the_adapter_s_queries_answer_for_what_was_asked_about(tmp_path: Any) -> None:
    """Each sample must name the object: a pod, and the Service of TorchServe, which no series names."""
    one, two = ('{namespace="digitserve",service="gateway",pod="' + pod + '"}' for pod in ("a", "b"))
    elsewhere = '{namespace="other",service="gateway",pod="a"}'
    series = {
        f"gateway_inflight_requests{one}": "3",
        f"gateway_inflight_requests{two}": "5",
        f"gateway_inflight_requests{elsewhere}": "7",
        f"gateway_model_queue_depth{one}": "11",
        f"gateway_model_queue_depth{two}": "13",
        f"gateway_model_queue_depth{elsewhere}": "17",
    }
    pods = query("gateway_inflight_requests", "pod", {"namespace": "digitserve", "pod": "a|b"})
    queue = query("gateway_model_queue_depth", "service", {"namespace": "digitserve", "service": "torchserve"})
    holds = [Ask("0", pods, {'{pod="a"}': 3, '{pod="b"}': 5}), Ask("0", queue, {'{service="torchserve"}': 24})]
    assert failures(installed("promtool"), [], [Scene("adapter", series, holds)], tmp_path) == ""

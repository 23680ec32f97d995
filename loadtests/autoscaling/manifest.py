"""The two HorizontalPodAutoscalers that carry what was chosen, as YAML."""

from collections.abc import Mapping
from typing import Any

import yaml

from loadtests.autoscaling.choose import GATEWAY, TORCHSERVE, Choice
from loadtests.autoscaling.hpa import Rules
from loadtests.autoscaling.setting import Setting

IN_FLIGHT, QUEUE = "gateway_inflight_requests", "gateway_model_queue_depth"

REMARK = """\
# Written by `make autoscaling`, which replays these numbers on measured figures and picks them out of others: see k8s/AUTOSCALING.md.
# gateway_model_queue_depth is of all gateways together, told of the Service torchserve; AverageValue divides it by TorchServe's pods.
"""


def manifest(choice: Choice) -> str:
    """The whole file."""
    in_flight = {"type": "Pods", "pods": {"metric": {"name": IN_FLIGHT}, "target": _average(choice.gateway.setting)}}
    queue = {
        "type": "Object",
        "object": {
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": TORCHSERVE},
            "metric": {"name": QUEUE},
            "target": _average(choice.torchserve.setting),
        },
    }
    autoscalers = (_autoscaler(GATEWAY, choice.gateway.setting, in_flight), _autoscaler(TORCHSERVE, choice.torchserve.setting, queue))
    return REMARK + str(yaml.safe_dump_all(autoscalers, sort_keys=False, explicit_start=True))


def _autoscaler(name: str, setting: Setting, metric: Mapping[str, Any]) -> dict[str, Any]:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": setting.cpu_percent}}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": setting.least,
            "maxReplicas": setting.most,
            "metrics": [cpu, dict(metric)],
            "behavior": {"scaleUp": _rules(setting.behavior.up), "scaleDown": _rules(setting.behavior.down)},
        },
    }


def _average(setting: Setting) -> dict[str, str]:
    return {"type": "AverageValue", "averageValue": str(setting.waiting)}


def _rules(rules: Rules) -> dict[str, Any]:
    policies = [{"type": policy.kind, "value": policy.value, "periodSeconds": policy.period_seconds} for policy in rules.policies]
    return {"stabilizationWindowSeconds": rules.window_seconds, "selectPolicy": rules.select, "policies": policies}

"""Who reaches whom, as network policies have it: what both sides' policies let through, and what nobody forbids."""

from dataclasses import dataclass, field
from typing import Any

from tests.k8s.manifests import Rendering

HERE = "digitserve"
NAMESPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """Somebody in a cluster; `labels` None: not a pod of it at all."""

    labels: dict[str, str] | None
    namespace: str = HERE


@dataclass(frozen=True)
class World:
    rendering: Rendering
    outside: Pod = field(default_factory=lambda: Pod(None, "elsewhere"))

    def reaches(self, source: Pod, target: Pod, port: int) -> bool:
        return self._lets(source, target, port, "Egress") and self.lets_in(target, source, port)

    def lets_in(self, target: Pod, source: Pod, port: int) -> bool:
        """Whether the target's own policies do, whatever the source may send."""
        return self._lets(target, source, port, "Ingress")

    def _lets(self, pod: Pod, peer: Pod, port: int, direction: str) -> bool:
        """Whether the policies on `pod` let traffic with `peer` through; without one, everything is."""
        key, side = ("egress", "to") if direction == "Egress" else ("ingress", "from")
        policies = [
            each["spec"]
            for each in self.rendering.of("NetworkPolicy")
            if pod.labels is not None
            and pod.namespace == HERE
            and _selects(each["spec"]["podSelector"], pod.labels)
            and direction in each["spec"]["policyTypes"]
        ]
        if not policies:
            return True
        return any(
            port in [each["port"] for each in rule["ports"]] and (side not in rule or any(_is(each, peer) for each in rule[side]))
            for policy in policies
            for rule in policy.get(key, ())
        )


def _is(peer: dict[str, Any], pod: Pod) -> bool:
    assert peer.keys() <= {"podSelector", "namespaceSelector"}, "these policies name pods and namespaces alone"
    if pod.labels is None:
        return False
    where = _selects(peer["namespaceSelector"], {NAMESPACE: pod.namespace}) if "namespaceSelector" in peer else pod.namespace == HERE
    return where and _selects(peer.get("podSelector", {}), pod.labels)


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    for each in selector.get("matchExpressions", ()):
        assert each["operator"] == "In"
        if labels.get(each["key"]) not in each["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())

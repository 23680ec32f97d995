"""TorchServe, which has no authentication, is reached by gateways alone, and everything that nobody needs is forbidden."""

import itertools

import pytest

from tests.k8s.manifests import each_rendering, each_scaled, read, rendered
from tests.k8s.reach import Pod, World

pytestmark = pytest.mark.system

INFERENCE, MANAGEMENT, METRICS, FRONT, REDIS, POSTGRESQL, DNS = 8080, 8081, 8082, 8000, 6379, 5432, 53
PORTS = (INFERENCE, MANAGEMENT, METRICS, FRONT, REDIS, POSTGRESQL, DNS, 7070, 7071, 443)

PROMETHEUS = Pod({"app.kubernetes.io/name": "prometheus"}, "monitoring")
ALERTMANAGER = Pod({"app.kubernetes.io/name": "alertmanager"}, "monitoring")
EDGE = Pod({"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx")
NAMES = Pod({"k8s-app": "kube-dns"}, "kube-system")
STRANGER = Pod({"app": "stranger"})
FOREIGNER = Pod({"app.kubernetes.io/name": "gateway"}, "default")
"""Who calls itself a gateway in another namespace."""


def pods(name: str) -> dict[str, Pod]:
    return {maker.partition("/")[2]: Pod(pod["metadata"]["labels"]) for maker, pod in rendered(name).pods().items()}


def ways(name: str) -> set[tuple[str, str, int]]:
    """Every way that is open into or out of a pod of ours."""
    world, ours = World(rendered(name)), pods(name)
    others = {"prometheus": PROMETHEUS, "alertmanager": ALERTMANAGER, "edge": EDGE, "names": NAMES, "stranger": STRANGER}
    everybody = {**ours, **others, "foreigner": FOREIGNER, "outside": world.outside}
    return {
        (source, target, port)
        for (source, target), port in itertools.product(itertools.permutations(everybody, 2), PORTS)
        if {source, target} & ours.keys() and world.reaches(everybody[source], everybody[target], port)
    }


def test_in_the_local_overlay_only_these_ways_are_open() -> None:
    assert ways("local") == {
        ("edge", "gateway", FRONT),
        ("prometheus", "gateway", FRONT),
        ("alertmanager", "gateway", FRONT),
        ("prometheus", "torchserve", METRICS),
        ("gateway", "torchserve", INFERENCE),
        ("gateway", "torchserve", MANAGEMENT),
        ("gateway", "redis", REDIS),
        ("gateway", "names", DNS),
    }


@each_scaled
def test_in_production_only_these_ways_are_open(name: str) -> None:
    anywhere = {"outside", "prometheus", "alertmanager", "edge", "names", "foreigner"}
    versions = pods(name).keys() - {"gateway", "migrations"}
    assert ways(name) == {
        ("edge", "gateway", FRONT),
        ("prometheus", "gateway", FRONT),
        ("alertmanager", "gateway", FRONT),
        *(("prometheus", version, METRICS) for version in versions),
        *(("gateway", version, port) for version in versions for port in (INFERENCE, MANAGEMENT)),
        ("gateway", "names", DNS),
        ("migrations", "names", DNS),
        *(("gateway", where, port) for where in anywhere for port in (REDIS, POSTGRESQL)),
        *(("migrations", where, POSTGRESQL) for where in anywhere),
    }


@each_rendering
def test_torchserve_s_own_policy_keeps_out_whoever_may_send(name: str) -> None:
    world, ours = World(rendered(name)), pods(name)
    gateway = ours["gateway"]
    for version in [pod for each, pod in ours.items() if each.startswith("torchserve")]:
        for source, port in itertools.product((*ours.values(), STRANGER, FOREIGNER, EDGE, ALERTMANAGER, PROMETHEUS, world.outside), PORTS):
            wanted = port in (INFERENCE, MANAGEMENT) if source == gateway else source == PROMETHEUS and port == METRICS
            assert world.lets_in(version, source, port) == wanted, f"{source}: {port}"


@each_rendering
def test_a_pod_that_nobody_thought_of_neither_sends_nor_gets(name: str) -> None:
    world = World(rendered(name))
    for port in PORTS:
        assert not world.reaches(STRANGER, world.outside, port)
        assert not world.reaches(world.outside, STRANGER, port)


@each_rendering
def test_no_service_is_on_nodes_or_a_load_balancer(name: str) -> None:
    for service in rendered(name).of("Service"):
        assert service["spec"].get("type", "ClusterIP") == "ClusterIP"
        assert "externalIPs" not in service["spec"]
    assert not list(rendered(name).of("Ingress"))


def test_the_edge_leads_to_the_gateway_alone() -> None:
    [ingress] = read("examples/ingress.yaml")
    assert "defaultBackend" not in ingress["spec"]
    backends = [path["backend"]["service"]["name"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    assert set(backends) == {"gateway"}

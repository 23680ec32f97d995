"""What a pod may do, what it may take, what it is asked and how it ends."""

import re

import pytest

from gateway.app import DRAIN_SECONDS as LAST_WORDS_SECONDS
from gateway.listening import DRAIN_SECONDS
from gateway.settings import Settings
from handler.serve import GPUS
from tests.handler.torchserve import configuration
from tests.k8s.manifests import ROOT, containers_of, each_rendering, each_scaled, quantity, rendered

pytestmark = pytest.mark.system

OURS = ("digitserve-gateway", "digitserve-torchserve")
EXACT = re.compile(r"\d+\.\d+\.\d+(-[a-z]+)?")
VERSION = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def of_torchserve(name: str) -> set[str]:
    """The Deployments that serve a version of the model."""
    return {each for each in rendered(name).names("Deployment") if each != "gateway"}


@each_rendering
def test_pods_keep_to_the_restricted_level(name: str) -> None:
    for maker, pod in rendered(name).pods().items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, maker
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["runAsGroup"] == 10001, maker
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, maker
        assert spec["automountServiceAccountToken"] is False, maker
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), maker
        assert all({"hostPath"}.isdisjoint(volume) for volume in spec["volumes"]), maker
        for container in containers_of(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, maker


@each_rendering
def test_no_service_becomes_a_setting(name: str) -> None:
    """A Service named gateway would be told as GATEWAY_PORT, which is no number then."""
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in rendered(name).pods().values())


@each_rendering
def test_what_pods_write_has_a_place_and_a_limit(name: str) -> None:
    for maker, pod in rendered(name).pods().items():
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for container in containers_of(pod):
            writable = {
                mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"] if not mount.get("readOnly", False)
            }
            image = container["image"].rpartition("/")[2]
            if image.startswith("digitserve-gateway"):
                [state] = [each["value"] for each in container["env"] if each["name"] == "GATEWAY_STATE_DIR"]
                assert {state, "/tmp"} == set(writable), maker
            elif image.startswith("digitserve-torchserve"):
                assert set(writable) == {"/tmp"}, maker
            for volume in writable.values():
                assert "persistentVolumeClaim" in volume or volume["emptyDir"]["sizeLimit"], maker


@each_rendering
def test_requests_are_within_limits_and_both_are_there(name: str) -> None:
    for which, container in rendered(name).containers().items():
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert {"cpu", "memory"} <= requests.keys() & limits.keys(), which
        assert all(quantity(requests[each]) <= quantity(limits[each]) for each in requests), which


@each_rendering
def test_as_many_cores_are_asked_for_as_threads_compute(name: str) -> None:
    for deployment in of_torchserve(name):
        [container] = containers_of(rendered(name).one("Deployment", deployment)["spec"]["template"])
        [threads] = [int(each["value"]) for each in container["env"] if each["name"] == "DIGITS_THREADS"]
        workers = int(configuration()["default_workers_per_model"])
        assert quantity(container["resources"]["requests"]["cpu"]) == workers * threads
        assert quantity(container["resources"]["requests"]["memory"]) >= (300 + 400 * workers) * 1e6
    [gateway] = containers_of(rendered(name).one("Deployment", "gateway")["spec"]["template"])
    assert quantity(gateway["resources"]["requests"]["cpu"]) == Settings().workers
    assert quantity(gateway["resources"]["requests"]["memory"]) >= 200e6


@each_rendering
def test_the_gateway_is_asked_three_different_questions(name: str) -> None:
    [gateway] = containers_of(rendered(name).one("Deployment", "gateway")["spec"]["template"])
    asked = {probe: gateway[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/readyz", "readiness": "/readyz?for=traffic", "liveness": "/healthz"}


@each_rendering
def test_torchserve_s_word_is_never_believed(name: str) -> None:
    for deployment in of_torchserve(name):
        pod = rendered(name).one("Deployment", deployment)["spec"]["template"]
        [container] = containers_of(pod)
        patience = []
        for probe in ("readiness", "liveness", "startup"):
            asked = container[f"{probe}Probe"]
            assert asked["exec"]["command"] == ["python", "-ISB", "/app/handler/healthcheck.py"]
            patience.append(asked["periodSeconds"] * asked["failureThreshold"])
        assert patience == sorted(patience)
        # Longer than it takes TorchServe to notice a frozen worker and to load another.
        assert patience[1] > int(configuration()["default_response_timeout"]) + 10
        assert patience[2] > int(configuration()["default_startup_timeout"])


@each_rendering
def test_there_is_time_to_end_well(name: str) -> None:
    for maker, pod in rendered(name).pods().items():
        for container in containers_of(pod):
            if "lifecycle" not in container:
                assert maker in ("StatefulSet/redis", "Job/migrations")
                continue
            sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            drain = DRAIN_SECONDS + LAST_WORDS_SECONDS
            longest = (
                Settings().deadline_seconds + drain if maker == "Deployment/gateway" else int(configuration()["default_response_timeout"])
            )
            assert sleep >= 5, "until nobody sends it anything new"
            assert pod["spec"]["terminationGracePeriodSeconds"] > sleep + longest, maker


@each_scaled
def test_a_rolling_update_takes_nothing_away_first(name: str) -> None:
    for deployment in rendered(name).of("Deployment"):
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_one_pod_at_a_time_writes_the_sqlite_file() -> None:
    gateway = rendered("local").one("Deployment", "gateway")
    assert gateway["spec"]["replicas"] == 1
    assert gateway["spec"]["strategy"] == {"type": "Recreate"}


@each_rendering
def test_images_are_pinned(name: str) -> None:
    """By exact tags, ours by the version of the project; where it counts, by digest."""
    assert VERSION
    for which, container in rendered(name).containers().items():
        image = container["image"]
        if name != "local":
            assert re.fullmatch(r"[a-z0-9.:/-]+@sha256:[0-9a-f]{64}", image), f"{which}: {image}"
            continue
        repository, _, tag = image.partition(":")
        assert EXACT.fullmatch(tag), f"{which}: {image}"
        assert repository not in OURS or tag == VERSION[1]


@each_scaled
def test_pods_are_spread_and_nodes_are_emptied_one_pod_at_a_time(name: str) -> None:
    rendering = rendered(name)
    pods = {each: rendering.one("Deployment", each)["spec"]["template"] for each in rendering.names("Deployment")}
    assert rendering.names("PodDisruptionBudget") == set(pods)
    for which, pod in pods.items():
        labels = pod["metadata"]["labels"]
        spread = pod["spec"]["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        for each in spread:
            assert each["matchLabelKeys"] == ["pod-template-hash"], "so that no other Deployment's pods count"
            assert each["labelSelector"]["matchLabels"].items() <= labels.items()
        budget = rendering.one("PodDisruptionBudget", which)["spec"]
        chosen = budget["selector"]["matchLabels"].items()
        assert [each for each in pods if chosen <= pods[each]["metadata"]["labels"].items()] == [which]
        assert budget["maxUnavailable"] == 1
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_gpu_is_asked_for_once_and_whole() -> None:
    [container] = containers_of(rendered("gpu").one("Deployment", "torchserve")["spec"]["template"])
    assert container["resources"]["requests"]["nvidia.com/gpu"] == container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert {"name": GPUS, "value": "1"} in container["env"]


def test_the_probe_is_where_the_image_has_it() -> None:
    """A probe's command runs in the root of the file system, whatever the image's own folder is."""
    dockerfile = (ROOT / "handler" / "Dockerfile").read_text()
    assert "COPY handler /app/handler\n" in dockerfile
    assert "COPY model/known/7.png /app/model/known/7.png\n" in dockerfile

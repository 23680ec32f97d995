"""The examples fit what the overlays make: the edge, KServe in the place of a Deployment, two versions side by side."""

from pathlib import Path

import pytest

from gateway.app import create_app
from gateway.settings import Settings
from tests.k8s.manifests import TWO_VERSIONS, containers_of, name_of, read, rendered

INSIDE = {"/healthz", "/readyz", "/metrics", "/v1/alerts", "/v1/audit"}
"""Paths that don't pass the edge. A new one belongs here or in examples/ingress.yaml."""


def test_every_path_of_the_gateway_passes_the_edge_or_is_said_to_stay_inside(tmp_path: Path) -> None:
    [ingress] = read("examples/ingress.yaml")
    open_to_all = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]

    def passes(path: str) -> bool:
        return any(
            path == each["path"] or each["pathType"] == "Prefix" and path.startswith(f"{each['path']}/")  # noqa: RUF021
            for each in open_to_all
        )

    paths = set(create_app(Settings(state_dir=tmp_path)).openapi()["paths"])
    assert paths >= INSIDE
    assert {path for path in paths if not passes(path)} == INSIDE


def test_the_edge_takes_the_largest_upload_and_waits_longer_than_the_gateway() -> None:
    [ingress] = read("examples/ingress.yaml")
    annotations = {name.partition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert int(annotations["proxy-body-size"].removesuffix("m")) * 2**20 > Settings().max_upload_bytes * 4 / 3
    assert float(annotations["proxy-read-timeout"]) > Settings().deadline_seconds


def test_kserve_runs_what_the_deployment_does() -> None:
    [service] = read("examples/kserve.yaml")
    [deployment] = read("base/torchserve/deployment.yaml")
    pod = deployment["spec"]["template"]
    predictor = dict(service["spec"]["predictor"])
    assert predictor.pop("labels") == pod["metadata"]["labels"]
    for scaling in ("minReplicas", "maxReplicas", "scaleMetric", "scaleTarget"):
        predictor.pop(scaling)
    [container], [theirs] = predictor.pop("containers"), containers_of(pod)
    assert container == {**theirs, "name": "kserve-container"}
    assert predictor == {field: value for field, value in pod["spec"].items() if field != "containers"}


@pytest.mark.system
def test_two_versions_share_neither_pods_nor_traffic() -> None:
    rendering = rendered(TWO_VERSIONS)
    labels = {
        each: rendering.one("Deployment", each)["spec"]["template"]["metadata"]["labels"] for each in ("torchserve", "torchserve-next")
    }
    for version in labels:
        selectors = [
            rendering.one("Deployment", version)["spec"]["selector"]["matchLabels"],
            rendering.one("Service", version)["spec"]["selector"],
        ]
        for selector in selectors:
            assert [each for each in labels if selector.items() <= labels[each].items()] == [version]
    images = {containers_of(each["spec"]["template"])[0]["image"] for each in rendering.of("Deployment") if name_of(each) in labels}
    assert len(images) == 2


@pytest.mark.system
def test_while_two_versions_are_up_gateways_turn_to_the_next() -> None:
    [gateway] = containers_of(rendered(TWO_VERSIONS).one("Deployment", "gateway")["spec"]["template"])
    urls = [each["value"] for each in gateway["env"] if "TORCHSERVE" in each["name"]]
    assert urls == ["http://torchserve-next:8080", "http://torchserve-next:8081"]

"""A candidate and a further model are added beside what production has: nothing else changes, and gateways are told of them rightly."""

import copy
from pathlib import Path

import pytest

from gateway.settings import Settings
from handler.serve import MODEL, configuration
from tests.k8s.manifests import CANDIDATE, COMPONENTS, FURTHER, ROOT, Json, containers_of, name_of, overlaid, rendered
from tests.k8s.test_names import settings_of

pytestmark = pytest.mark.system

ADDED = {CANDIDATE: "torchserve-candidate", FURTHER: "torchserve-further"}
TOLD = ("GATEWAY_TORCHSERVE_URL", "GATEWAY_TORCHSERVE_MANAGEMENT_URL", "GATEWAY_MODELS")


def container(name: str, deployment: str) -> Json:
    [found] = containers_of(rendered(name).one("Deployment", deployment)["spec"]["template"])
    return found


def told(name: str) -> Settings:
    """What gateways know of TorchServe."""
    given = settings_of(container(name, "gateway"))
    inference, management, models = (given.get(each) for each in TOLD)
    return Settings(torchserve_url=inference, torchserve_management_url=management, models=models)


def untold(objects: list[Json]) -> list[Json]:
    """Without what tells gateways of TorchServe."""
    objects = copy.deepcopy(objects)
    for each in objects:
        if (each["kind"], name_of(each)) == ("Deployment", "gateway"):
            [gateway] = containers_of(each["spec"]["template"])
            gateway["env"] = [variable for variable in gateway["env"] if variable["name"] not in TOLD]
    return objects


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_deployment_with_its_service_and_budget_is_added_and_nothing_else_changes(name: str) -> None:
    added = [each for each in rendered(name).objects if name_of(each) == ADDED[name]]
    assert sorted(each["kind"] for each in added) == ["Deployment", "PodDisruptionBudget", "Service"]
    others = [each for each in rendered(name).objects if each not in added]
    assert untold(others) == untold(list(rendered("production").objects))


@pytest.mark.parametrize("name", COMPONENTS)
def test_its_pods_and_its_traffic_are_its_own(name: str) -> None:
    rendering = rendered(name)
    labels = {each: rendering.one("Deployment", each)["spec"]["template"]["metadata"]["labels"] for each in ("torchserve", ADDED[name])}
    for which in labels:
        deployment, service = (rendering.one(kind, which)["spec"]["selector"] for kind in ("Deployment", "Service"))
        for selector in (deployment["matchLabels"], service):
            assert [each for each in labels if selector.items() <= labels[each].items()] == [which]


@pytest.mark.parametrize("name", COMPONENTS)
def test_its_archive_is_in_an_image_of_its_own(name: str) -> None:
    images = [each["image"].partition("@")[0] for each in rendered(name).containers().values()]
    assert images.count(container(name, ADDED[name])["image"].partition("@")[0]) == 1


def test_a_candidate_is_listed_behind_the_served_version() -> None:
    """Else a gateway would serve it where nothing was ever rolled out."""
    assert told(CANDIDATE).torchserve_instances == (
        ("http://torchserve:8080", "http://torchserve:8081"),
        ("http://torchserve-candidate:8080", "http://torchserve-candidate:8081"),
    )


def test_a_further_model_is_asked_by_the_name_that_it_is_started_by() -> None:
    variables = {name: value for name, value in settings_of(container(FURTHER, "torchserve-further")).items() if value is not None}
    name = variables[MODEL]
    assert told(FURTHER).further_models == {name: (("http://torchserve-further:8080", "http://torchserve-further:8081"),)}
    text, _ = configuration((ROOT / "handler" / "config.properties").read_text(), variables)
    assert f"load_models={name}={name}.mar\n" in text


def test_both_can_be_had_at_once(tmp_path: Path) -> None:
    lines = ["kind: Kustomization", "resources: [../k8s/overlays/production]", "components:"]
    both = overlaid(tmp_path, "\n".join([*lines, *(f"- ../k8s/components/{each}" for each in COMPONENTS)]))
    assert both.names("Deployment") == rendered("production").names("Deployment") | set(ADDED.values())
    [gateway] = containers_of(both.one("Deployment", "gateway")["spec"]["template"])
    for name in COMPONENTS:
        assert settings_of(gateway).items() >= {(each, value) for each, value in changed(name).items()}


def changed(name: str) -> dict[str, str | None]:
    """What a component tells gateways."""
    return dict(settings_of(container(name, "gateway")).items() - settings_of(container("production", "gateway")).items())

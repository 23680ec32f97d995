"""The override for machines with a GPU, as text: none was at hand to run it on."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from handler.serve import GPUS

ROOT = Path(__file__).parents[2]


def test_the_model_gets_the_gpu_that_it_is_told_of_and_nothing_else_changes() -> None:
    override = yaml.safe_load((ROOT / "handler" / "gpu.compose.yml").read_text())
    base = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert override["version"] == base["version"]
    assert set(override["services"]) == {"torchserve", "torchserve-next"}
    service: dict[str, Any] = override["services"]["torchserve"]
    [device] = service["deploy"]["resources"]["reservations"]["devices"]
    assert service["environment"] == {GPUS: str(device["count"])}
    assert service["image"] != base["services"]["torchserve"]["image"]


@pytest.mark.parametrize("file", ["docker-compose.yml", "handler/gpu.compose.yml"])
def test_what_gateways_go_over_to_computes_where_the_model_does(file: str) -> None:
    services = yaml.safe_load((ROOT / file).read_text())["services"]
    model, beside = (
        {key: value for key, value in services[name].items() if key not in ("build", "profiles")}
        for name in ("torchserve", "torchserve-next")
    )
    assert beside == model


def test_what_it_builds_with_is_asked_for_by_the_dockerfile() -> None:
    override = yaml.safe_load((ROOT / "handler" / "gpu.compose.yml").read_text())
    dockerfile = (ROOT / "handler" / "Dockerfile").read_text()
    for name in override["services"]["torchserve"]["build"]["args"]:
        assert f"ARG {name}=" in dockerfile
        assert f"${{{name}}}" in dockerfile

"""What was recorded survives `down` and `up`. Last of this folder, since all is brought down."""

import json
from typing import Any
from urllib.request import urlopen

import pytest

from loadtests.client import Gateway
from loadtests.pictures import png
from loadtests.programs import wait_until
from tests.compose.conftest import GATEWAYS
from tests.compose.project import Project
from tests.model.preprocess.pictures import DIGITS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


def told(project: Project, prediction_id: str) -> dict[str, Any]:
    with urlopen(f"{project.url}/v1/predictions/{prediction_id}", timeout=10) as answer:
        return dict(json.load(answer))


def test_records_survive_down_and_up(project: Project) -> None:
    gateway = Gateway(project.url)
    prediction_id = gateway.predict(png(DIGITS[5]))["prediction_id"]
    gateway.label(prediction_id, 3)
    gateway.close()
    wait_until(lambda: bool(told(project, prediction_id)["recorded"]), 10, "it is recorded")
    before = told(project, prediction_id)
    project.compose("down")
    project.compose("up", "-d", "--scale", f"gateway={GATEWAYS}", seconds=400)
    after = told(project, prediction_id)
    assert after == before
    assert after["label"] == 3

import asyncio
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from gateway import __version__
from gateway.contract import REJECTIONS, CacheState
from gateway.schema import PredictAnswer, Reason
from gateway.series import CACHE_STATES
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.torchserve_double import TorchServeDouble, until

pytestmark = pytest.mark.anyio


async def test_the_contract_is_documented_with_examples_that_keep_to_it(gateway: Gateway) -> None:
    async with gateway() as client:
        document = (await client.get("/openapi.json")).json()
    assert set(document["paths"]) == {
        "/v1/predict",
        "/v1/predict/batch",
        "/v1/explain",
        "/v1/feedback",
        "/v1/predictions/{prediction_id}",
        "/v1/predictions/{prediction_id}/label",
        "/v1/audit",
        "/v1/alerts",
        "/v1/model",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    predict = document["paths"]["/v1/predict"]["post"]
    assert {"image/png", "multipart/form-data", "application/json"} <= set(predict["requestBody"]["content"])
    assert {"200", "400", "404", "408", "413", "415", "422", "429", "502", "503", "504"} <= set(predict["responses"])
    PredictAnswer.model_validate(document["components"]["schemas"]["PredictAnswer"]["example"])


async def test_two_applications_share_no_counts(gateway: Gateway) -> None:
    async with gateway() as one:
        await one.get("/nothing")
        async with gateway() as other:
            assert 'route="unmatched"' not in (await other.get("/metrics")).text


async def test_who_takes_a_place_among_siblings_knows_its_model_before_it_serves(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(wait=False, siblings=tmp_path) as client:
        assert (await client.post("/v1/predict", content=digit_png(7))).status_code == 200


async def test_a_torchserve_that_says_nothing_does_not_keep_a_process_from_its_place(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path
) -> None:
    torchserve.unreachable = True
    async with gateway(wait=False, siblings=tmp_path) as client:
        assert (await client.get("/readyz?for=traffic")).status_code == 200


def test_importing_the_gateway_does_nothing_and_brings_no_torch() -> None:
    code = "import sys, gateway.app, gateway.server; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "value"), [("GATEWAY_PORT", "x"), ("GATEWAY_REDIS_URL", "localhost:6379")])
def test_a_setting_that_cannot_be_used_is_one_line(name: str, value: str, tmp_path: Path) -> None:
    environment = {name: value, "GATEWAY_STATE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "gateway", "serve"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"digitserve: {name}")
    assert done.stderr.count("\n") == 1


def test_the_version_of_the_project_has_one_value() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_cache_states_in_metrics_are_those_of_answers() -> None:
    assert (*(state.value for state in CacheState), "none") == CACHE_STATES


def test_the_documented_reasons_are_those_that_are_given() -> None:
    assert get_args(Reason) == REJECTIONS


@pytest.mark.parametrize(
    ("settings", "away", "batches"),
    [
        ({}, 2, [1, 1, 3]),
        ({"largest_batch": 1}, 2, [1] * 5),
        ({"largest_batch": 2, "torchserve_workers": 2}, 3, [1, 1, 1, 2]),
        ({"batch_delay_ms": 500}, 1, [5]),
    ],
)
async def test_batches_are_as_large_as_late_and_as_many_at_a_time_as_set(
    gateway: Gateway, torchserve: TorchServeDouble, settings: dict[str, Any], away: int, batches: list[int]
) -> None:
    """Of five pictures that come one after the other."""
    gate = asyncio.Event()
    waiting: list[bool] = []

    async def wait() -> None:
        waiting.append(True)
        await gate.wait()

    async with gateway(local_cache_bytes=0, canary_seconds=0, **settings) as client:
        torchserve.batches.clear()
        torchserve.before_answer = wait
        asking = []
        for digit in range(5):
            asking.append(asyncio.create_task(client.post("/v1/predict", content=digit_png(digit))))
            await asyncio.sleep(0.01)
        await until(lambda: len(waiting) >= away)
        await asyncio.sleep(0.05)
        assert len(waiting) == away
        gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
        assert sorted(torchserve.batches) == batches

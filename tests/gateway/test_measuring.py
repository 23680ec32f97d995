"""The baseline is measured at the asked rate, from the gateway's own histogram, and only of a stack that is well."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import httpx
import numpy as np
import pytest
import uvicorn

from gateway.app import create_app
from gateway.baseline import BaselineUnusable
from gateway.measuring import _Histogram, measure, new_pictures
from gateway.settings import Settings
from model.preprocess import canonicalise
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_digits
from tests.ports import free_port

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(torchserve: TorchServeDouble, folder: Path) -> AsyncIterator[str]:
    """A gateway on a port."""
    settings = Settings(
        torchserve_url=INFERENCE_URL, torchserve_management_url=MANAGEMENT_URL, state_dir=folder, records="off", canary_seconds=0
    )
    app = create_app(settings, transport=torchserve.transport(), known=known_digits())
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url) as client:
        async with asyncio.timeout(20):
            while not server.started or (await client.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.01)
    yield url
    server.should_exit = True
    await serving


async def test_new_pictures_and_their_repeats_are_told_apart(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async def slowly() -> None:
        await asyncio.sleep(0.02)

    torchserve.before_answer = slowly
    async with served(torchserve, tmp_path) as url:
        started = asyncio.get_running_loop().time()
        baseline = await measure(url, known_digits(), rate=200, seconds=1.2)
        took = asyncio.get_running_loop().time() - started
    assert baseline.model_version == VERSION
    assert baseline.answers["hit"] >= 120
    assert 119 <= baseline.answers["miss"] <= 121
    assert baseline.seconds["miss"]["0.5"] >= 0.02 > baseline.seconds["hit"]["0.5"] > 0
    assert baseline.seconds["miss"]["0.5"] <= baseline.seconds["miss"]["0.95"] <= baseline.seconds["miss"]["0.99"]
    assert took >= 1.1


async def test_too_few_answers_are_no_baseline(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with served(torchserve, tmp_path) as url:
        with pytest.raises(BaselineUnusable, match="too few; raise --rate or --seconds"):
            await measure(url, known_digits(), rate=100, seconds=0.2)


async def test_a_stack_that_is_unwell_has_no_baseline(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with served(torchserve, tmp_path) as url:
        torchserve.unreachable = True
        with pytest.raises(BaselineUnusable, match="refused with 503"):
            await measure(url, known_digits(), rate=100, seconds=1)


async def test_nobody_there_is_said_in_a_line() -> None:
    with pytest.raises(BaselineUnusable, match="does not answer"):
        await measure(f"http://127.0.0.1:{free_port()}", known_digits(), rate=10, seconds=1)


def test_quantiles_are_prometheus_s() -> None:
    histogram = _Histogram({0.001: 10, 0.002: 60, 0.004: 100, math.inf: 100})
    assert histogram.quantile(0.5) == pytest.approx(0.001 + 0.001 * 40 / 50)
    assert histogram.quantile(0.95) == pytest.approx(0.002 + 0.002 * 35 / 40)
    assert _Histogram({0.001: 10, math.inf: 100}).quantile(0.95) == 0.001


def test_pictures_are_new_and_canonical() -> None:
    pictures = list(islice(new_pictures(known_digits()), 300))
    assert len(set(pictures)) == 300
    read = [canonicalise(picture) for picture in pictures[:30]]
    assert all(not each.inverted and (np.asarray(each.pixels) > 0).any() for each in read)

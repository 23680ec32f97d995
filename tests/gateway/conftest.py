"""A gateway in this process, with TorchServe played by a double and, where a test wants one, a real Redis-compatible server."""

import asyncio
import gc
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import redis
from numpy.typing import NDArray
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from gateway.app import create_app
from gateway.embedded.redis_server import redis_program
from gateway.listening import spare_the_collector
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.settings import Settings
from gateway.versions import ModelWatch
from tests.gateway.device.double import on_device
from tests.gateway.redis_servers import Server, small_cluster
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, TorchServeDouble, known_digits, until
from tests.ports import free_port

Gateway = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
NOTHING: Mapping[str, TorchServeDouble] = {}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


EXPORTERS = ("OtelBatchSpanRecordProcessor", "last spans")
"""Threads that send spans, by name."""
LAST_SPANS_SECONDS = 4.0
"""What may be under way when an exporter is closed ends within two."""


@pytest.fixture(autouse=True)
def no_spans_are_sent_after_their_test() -> Iterator[None]:
    """A thread that still tries to draws random numbers, and logs, in the midst of a later test."""
    yield
    sending = [thread for thread in threading.enumerate() if thread.name in EXPORTERS]
    for thread in sending:
        thread.join(LAST_SPANS_SECONDS)
    assert not [thread for thread in sending if thread.is_alive()], "an exporter of spans was not closed, or goes on after it was"


@pytest.fixture
def torchserve() -> TorchServeDouble:
    return TorchServeDouble()


@pytest.fixture
def model_client(torchserve: TorchServeDouble) -> ModelClient:
    return ModelClient(Metrics(), 2.0, torchserve.transport())


@pytest.fixture
def watch(model_client: ModelClient) -> ModelWatch:
    """It looks when it is told to."""
    return ModelWatch(model_client, ((INFERENCE_URL, MANAGEMENT_URL),), known_digits(), Metrics())


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path, torchserve: TorchServeDouble) -> Gateway:
    """`async with gateway(**settings) as client`: ready, unless `wait=False`. `beside` plays TorchServe for models beside `digits`.

    For a test of `both_servers` it may be the edge server.
    """
    if getattr(request, "param", "gateway") == "edge":
        return partial(on_device, tmp_path, torchserve)

    @asynccontextmanager
    async def run(
        *, wait: bool = True, siblings: Path | None = None, beside: Mapping[str, TorchServeDouble] = NOTHING, **settings: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        further = ",".join(f"{name}=http://{name}.test:8080|http://{name}.test:8081" for name in beside)
        given = {"state_dir": tmp_path / "state", "models": further or None, **settings}

        async def asked(request: httpx.Request) -> httpx.Response:
            return await beside.get(request.url.host.removesuffix(".test"), torchserve).handle(request)

        app = create_app(
            Settings(torchserve_url=INFERENCE_URL, torchserve_management_url=MANAGEMENT_URL, **given),
            transport=httpx.MockTransport(asked),
            known=known_digits(),
            siblings=siblings,
        )
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            if wait:
                await until(lambda: torchserve.batches)
                await until(partial(_ready, client), seconds=20)
            yield client

    return run


async def _ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


both_servers = pytest.mark.parametrize("gateway", ["gateway", "edge"], indirect=True)
"""Of a test that holds for `python -m gateway edge` as well: the contract of predict is one."""


def picture(digit: int) -> NDArray[np.uint8]:
    """A known digit of the double: uint8[28, 28]."""
    pixels: NDArray[np.uint8] = known_digits().pixels[digit]
    return pixels


def png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG bytes of a grey or colour picture."""
    encoded, data = cv2.imencode(".png", pixels)
    assert encoded
    return data.tobytes()


def digit_png(digit: int) -> bytes:
    """PNG of a picture that the double reads as `digit`."""
    return png(picture(digit))


@pytest.fixture
def spared() -> Iterator[None]:
    """This process's heap, in which every test module is loaded, is not collected as a whole, as that of a gateway is not.

    It takes half a second, in which nothing is answered: for a test of how long answers take.
    """
    before = gc.get_threshold()
    spare_the_collector()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real server of our own; empty it before use."""
    folder = tmp_path_factory.mktemp("valkey")
    port = free_port()
    command = [str(redis_program()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    with redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 100)) as client:
        client.ping()
    yield url
    server.terminate()
    server.wait(10)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def valkey_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """The two nodes of a real cluster of our own; empty them before use."""
    with small_cluster(redis_program(), tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


async def recorded(client: httpx.AsyncClient, prediction_id: str) -> dict[str, Any]:
    """The row of an answer, once it is written."""
    async with asyncio.timeout(20):
        while True:
            answer = await client.get(f"/v1/predictions/{prediction_id}")
            if answer.status_code == 200 and answer.json()["recorded"]:
                told: dict[str, Any] = answer.json()
                return told
            await asyncio.sleep(0.01)

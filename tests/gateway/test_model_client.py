import asyncio
import time
from dataclasses import replace

import httpx
import numpy as np
import pytest

from gateway.contract import ModelVersion
from gateway.errors import DeadlineExceeded, ModelMisbehaved, ModelUnavailable
from gateway.metrics import Metrics
from gateway.model_client import Described, ModelClient
from gateway.seams import VersionGone
from tests.gateway.conftest import picture
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble
from tests.ports import free_port

pytestmark = pytest.mark.anyio

MODEL = ModelVersion("digits", VERSION, INFERENCE_URL, MANAGEMENT_URL, {})


def answering(answer: httpx.Response | Exception) -> ModelClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ModelClient(Metrics(), 2.0, httpx.MockTransport(handle))


async def test_many_pictures_travel_in_one_request_and_come_back_in_order(torchserve: TorchServeDouble) -> None:
    client = ModelClient(Metrics(), 2.0, torchserve.transport())
    predictions = await client.logits(MODEL, [picture(digit) for digit in (7, 1, 3)])
    assert [prediction.digit for prediction in predictions] == [7, 1, 3]
    assert torchserve.batches == [3]


async def test_a_version_that_is_not_there_is_gone(torchserve: TorchServeDouble) -> None:
    torchserve.versions = ["000000000000"]
    with pytest.raises(VersionGone):
        await ModelClient(Metrics(), 2.0, torchserve.transport()).logits(MODEL, [picture(7)])


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(200, content=b"\0" * 39), ModelMisbehaved),
        (httpx.Response(200, content=np.full(10, np.nan, "<f4").tobytes()), ModelMisbehaved),
        (httpx.Response(200, content=np.full(10, np.inf, "<f4").tobytes()), ModelMisbehaved),
        (httpx.Response(400), ModelMisbehaved),
        (httpx.Response(500), ModelUnavailable),
        (httpx.Response(503), ModelUnavailable),
        (httpx.Response(507), ModelUnavailable),
        (httpx.Response(408), DeadlineExceeded),
        (httpx.ConnectError("no"), ModelUnavailable),
        (httpx.ConnectTimeout("no"), ModelUnavailable),
        (httpx.ReadError("no"), ModelUnavailable),
        (httpx.ReadTimeout("no"), DeadlineExceeded),
        (httpx.PoolTimeout("no"), DeadlineExceeded),
        (httpx.DecodingError("no"), ModelUnavailable),
    ],
)
async def test_every_failure_of_the_model_has_our_own_words(answer: httpx.Response | Exception, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        await answering(answer).logits(MODEL, [picture(7)])


async def test_a_connection_that_broke_is_tried_once_more() -> None:
    asked = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise httpx.RemoteProtocolError("gone")
        return httpx.Response(200, content=np.eye(10, dtype="<f4")[7].tobytes())

    [prediction] = await ModelClient(Metrics(), 2.0, httpx.MockTransport(handle)).logits(MODEL, [picture(7)])
    assert prediction.digit == 7
    assert asked == 2


async def test_describe_counts_only_ready_workers(torchserve: TorchServeDouble) -> None:
    torchserve.workers_ready = 2
    client = ModelClient(Metrics(), 2.0, torchserve.transport())
    assert await client.describe(MANAGEMENT_URL, "digits") == [Described(VERSION, 2)]


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b'[{"modelVersion": "1"}]', b"<html>", b'[{"workers": [{}]}]'])
async def test_a_describe_answer_that_is_none_is_said_so(body: bytes) -> None:
    with pytest.raises(ModelMisbehaved):
        await answering(httpx.Response(200, content=body)).describe(MANAGEMENT_URL, "digits")


async def test_a_model_that_is_not_registered_has_no_versions() -> None:
    assert await answering(httpx.Response(404)).describe(MANAGEMENT_URL, "digits") == []


async def test_the_archive_says_what_it_is(torchserve: TorchServeDouble) -> None:
    facts = await ModelClient(Metrics(), 2.0, torchserve.transport()).facts(INFERENCE_URL, "digits", VERSION)
    assert facts["accept_threshold"] == 0.5


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"accept_threshold": "x", "arithmetic": "float32"}', b'{"accept_threshold": 1}'])
async def test_an_archive_that_does_not_say_what_it_is_misbehaves(body: bytes) -> None:
    with pytest.raises(ModelMisbehaved):
        await answering(httpx.Response(200, content=body)).facts(INFERENCE_URL, "digits", VERSION)


async def test_every_request_is_counted_by_its_outcome(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    client = ModelClient(metrics, 2.0, torchserve.transport())
    await client.logits(MODEL, [picture(7)] * 5)
    torchserve.versions = []
    with pytest.raises(VersionGone):
        await client.logits(MODEL, [picture(7)])
    assert metrics.registry.get_sample_value("gateway_model_requests_total", {"outcome": "ok"}) == 1
    assert metrics.registry.get_sample_value("gateway_model_requests_total", {"outcome": "gone"}) == 1
    assert metrics.registry.get_sample_value("gateway_batch_size_sum") == 6


async def test_an_answer_that_drips_is_cut_off_at_the_deadline() -> None:
    stop, ended = asyncio.Event(), asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n")
        while not stop.is_set():
            writer.write(b"\0")
            await asyncio.sleep(0.1)
        writer.close()
        ended.set()

    port = free_port()
    server = await asyncio.start_server(drip, "127.0.0.1", port)
    client = ModelClient(Metrics(), 0.3)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await client.logits(replace(MODEL, inference_url=f"http://127.0.0.1:{port}"), [picture(7)])
    assert time.monotonic() - started < 2
    await client.close()
    stop.set()
    await ended.wait()
    server.close()


async def test_known_digits_are_nobodys_traffic(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    await ModelClient(metrics, 2.0, torchserve.transport()).ask(MODEL, [picture(7)])
    assert metrics.registry.get_sample_value("gateway_model_requests_total", {"outcome": "ok"}) == 0
    assert metrics.registry.get_sample_value("gateway_batch_size_sum") == 0

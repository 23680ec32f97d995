"""A remembered picture is answered to the server itself as it is to the framework, and to the same effect."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.app import Application
from gateway.prompt import Prompt
from tests.gateway.conftest import Gateway, digit_png, recorded
from tests.gateway.torchserve_double import TorchServeDouble, until

pytestmark = pytest.mark.anyio

VOLATILE_MEMBERS = {"prediction_id"}
VOLATILE_HEADERS = {"server-timing", "x-request-id", "content-length"}


def application(client: httpx.AsyncClient) -> Application:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, Application)
    return transport.app


def said(body: bytes) -> dict[str, Any]:
    return {name: value for name, value in orjson.loads(body).items() if name not in VOLATILE_MEMBERS}


async def counts(client: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """Every series of predict's that tells how many."""
    told = text_string_to_metric_families((await client.get("/metrics")).text)
    samples = [sample for family in told for sample in family.samples if sample.name.endswith(("_total", "_count"))]
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for sample in samples
        if sample.labels.get("route") != "/metrics" and not sample.name.startswith(("process_", "python_", "records_"))
    }


async def test_it_says_what_the_application_says_and_counts_the_same(gateway: Gateway) -> None:
    async with gateway(canary_seconds=0) as client:
        answering = application(client).repeating
        await client.post("/v1/predict", content=digit_png(7))
        before = await counts(client)
        usual = await client.post("/v1/predict", content=digit_png(7))
        between = await counts(client)
        at_once = answering([(b"content-type", b"image/png")], digit_png(7))
        after = await counts(client)
    assert at_once is not None
    assert said(at_once.body) == said(usual.content)
    assert orjson.loads(at_once.body)["prediction_id"] != usual.json()["prediction_id"]
    headers = {name.decode(): value.decode() for name, value in at_once.headers}
    assert headers.keys() == usual.headers.keys()
    assert all(usual.headers[name] == value for name, value in headers.items() if name not in VOLATILE_HEADERS)
    assert int(headers["content-length"]) == len(at_once.body)
    grown = {series: value - before[series] for series, value in between.items() if value != before[series]}
    assert grown
    assert {series: value - between[series] for series, value in after.items() if value != between[series]} == grown


async def test_it_is_recorded(gateway: Gateway) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        at_once = application(client).repeating([], digit_png(7))
        assert at_once is not None
        row = await recorded(client, orjson.loads(at_once.body)["prediction_id"])
    assert (row["digit"], row["cache"]) == (7, "hit")


async def test_the_client_s_own_request_id_is_told(gateway: Gateway) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        answering = application(client).repeating
        named, unsafe = (answering([(b"x-request-id", name)], digit_png(7)) for name in (b"mine", b"two words"))
    assert named is not None
    assert unsafe is not None
    assert dict(named.headers)[b"x-request-id"] == b"mine"
    assert dict(unsafe.headers)[b"x-request-id"] != b"two words"


@pytest.mark.parametrize(
    "header",
    [
        (b"cache-control", b"no-cache"),
        (b"x-consent", b"training"),
        (b"content-type", b"application/json"),
        (b"content-type", b"Multipart/Form-Data; boundary=b"),
    ],
)
async def test_who_wishes_more_is_left_to_the_application(gateway: Gateway, header: tuple[bytes, bytes]) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        answering = application(client).repeating
        assert isinstance(answering([], digit_png(7)), Prompt)
        assert answering([header], digit_png(7)) is None


async def test_what_is_not_remembered_is_left_to_the_application_and_counted_there(gateway: Gateway) -> None:
    async with gateway(canary_seconds=0) as client:
        answering = application(client).repeating
        await client.post("/v1/predict", content=digit_png(7))
        before = await counts(client)
        assert answering([], digit_png(3)) is None
        assert answering([], b"") is None
        assert answering([], b"x" * 2**20) is None
        assert await counts(client) == before


async def test_without_a_model_or_where_records_must_be_committed_first_it_says_nothing(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path
) -> None:
    async with gateway(wait=False) as client:
        assert application(client).repeating([], digit_png(7)) is None
    async with gateway(records="durable", state_dir=tmp_path / "durable") as client:
        await until(lambda: torchserve.batches)
        assert (await client.post("/v1/predict", content=digit_png(7))).json()["record"] == "durable"
        before = await counts(client)
        assert application(client).repeating([], digit_png(7)) is None
        assert await counts(client) == before

"""A plain request is answered to the server itself as it is to the framework, and to the same effect."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.app import Application
from gateway.prompt import Headers, Prompt, headers_of
from gateway.reading import PictureReader
from tests.gateway.conftest import Gateway, digit_png, picture, png, recorded
from tests.gateway.test_traceparent import SAID, TRACE_ID
from tests.gateway.torchserve_double import TorchServeDouble

pytestmark = pytest.mark.anyio

VOLATILE_MEMBERS = {"prediction_id", "request_id"}
VOLATILE_HEADERS = {"server-timing", "x-request-id", "content-length"}


def application(client: httpx.AsyncClient) -> Application:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, Application)
    return transport.app


def said(body: bytes) -> dict[str, Any]:
    return {name: value for name, value in orjson.loads(body).items() if name not in VOLATILE_MEMBERS}


Series = tuple[str, str]


async def counts(client: httpx.AsyncClient) -> dict[Series, float]:
    """Every series of predict's that tells how many."""
    told = text_string_to_metric_families((await client.get("/metrics")).text)
    samples = [sample for family in told for sample in family.samples if sample.name.endswith(("_total", "_count"))]
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for sample in samples
        if sample.labels.get("route") != "/metrics" and not sample.name.startswith(("process_", "python_", "records_"))
    }


async def to_the_server(client: httpx.AsyncClient, body: bytes, headers: Headers | None = None) -> Prompt:
    """Waits for it, if need be."""
    answer = application(client).plain(headers or [], body)
    assert answer is not None
    return answer if isinstance(answer, Prompt) else await answer


def grown(before: dict[Series, float], after: dict[Series, float]) -> dict[Series, float]:
    return {series: value - before.get(series, 0) for series, value in after.items() if value != before.get(series, 0)}


@pytest.mark.parametrize(
    ("first", "second", "status", "cache"),
    [
        (digit_png(7), digit_png(7), 200, "hit"),
        (digit_png(3), digit_png(4), 200, "miss"),
        (b"no picture", b"no picture", 415, None),
        (b"", b"", 400, None),
    ],
    ids=["hit", "miss", "no picture", "empty"],
)
async def test_it_says_what_the_application_says_and_counts_the_same(
    gateway: Gateway, first: bytes, second: bytes, status: int, cache: str | None
) -> None:
    async with gateway(canary_seconds=0) as client:
        if cache == "hit":
            await client.post("/v1/predict", content=first)
        before = await counts(client)
        usual = await client.post("/v1/predict", content=first)
        between = await counts(client)
        told = await to_the_server(client, second, [(b"content-type", b"image/png")])
        after = await counts(client)
    assert (told.status, usual.status_code) == (status, status)
    assert (said(told.body).get("cache"), said(usual.content).get("cache")) == (cache, cache)
    if first == second:
        assert said(told.body) == said(usual.content)
    headers = {name.decode(): value.decode() for name, value in headers_of(told.head)}
    assert headers.keys() == usual.headers.keys()
    assert all(usual.headers[name] == value for name, value in headers.items() if name not in VOLATILE_HEADERS)
    assert int(headers["content-length"]) == len(told.body)
    assert grown(before, between)
    if first == second:
        assert grown(between, after) == grown(before, between)
    else:  # another digit is counted elsewhere, and as often
        assert sorted(grown(between, after).values()) == sorted(grown(before, between).values())


async def test_it_is_recorded(gateway: Gateway) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        told = await to_the_server(client, digit_png(7))
        row = await recorded(client, orjson.loads(told.body)["prediction_id"])
    assert (row["digit"], row["cache"]) == (7, "hit")


@pytest.mark.parametrize("digit", [7, 8], ids=["at hand", "to wait for"])
async def test_the_client_s_own_request_id_is_told(gateway: Gateway, digit: int) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        told = [await to_the_server(client, digit_png(digit), [(b"x-request-id", name)]) for name in (b"mine", b"two words")]
    names = [dict(headers_of(each.head))[b"x-request-id"] for each in told]
    assert names[0] == b"mine"
    assert names[1] != b"two words"


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
        before = await counts(client)
        assert application(client).plain([header], digit_png(7)) is None
        assert application(client).plain([], b"x" * 2**20) is None
        assert await counts(client) == before


async def test_who_was_looked_up_before_an_equal_one_was_answered_does_not_ask_the_model_again(
    gateway: Gateway, torchserve: TorchServeDouble
) -> None:
    pixels = picture(7).copy()
    pixels[14, 14] ^= 1
    async with gateway(canary_seconds=0) as client:
        asked = torchserve.asked
        waiting = [application(client).plain([], png(pixels)) for _ in range(2)]
        told = [await answer for answer in waiting if isinstance(answer, Coroutine)]
        assert torchserve.asked == asked + 1
    assert [said(answer.body)["cache"] for answer in told] == ["miss", "hit"]


async def test_what_is_too_large_is_left_to_the_application(gateway: Gateway) -> None:
    async with gateway(max_upload_bytes=100) as client:
        assert application(client).plain([], digit_png(7)) is None
        assert (await client.post("/v1/predict", content=digit_png(7))).status_code == 413


async def test_without_a_model_or_where_records_must_be_committed_first_it_is_left_to_the_application(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path
) -> None:
    async with gateway(wait=False) as client:
        assert application(client).plain([], digit_png(7)) is None
    async with gateway(records="durable", state_dir=tmp_path / "durable") as client:
        assert (await client.post("/v1/predict", content=digit_png(7))).json()["record"] == "durable"
        before = await counts(client)
        assert application(client).plain([], digit_png(7)) is None
        assert await counts(client) == before


async def test_a_model_that_is_away_or_late_is_a_problem(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(deadline_seconds=0.1, canary_seconds=0) as client:
        torchserve.before_answer = asyncio.Event().wait
        late = await to_the_server(client, digit_png(1))
        torchserve.before_answer, torchserve.answer = None, lambda _: httpx.Response(503)
        away = await to_the_server(client, digit_png(2))
        in_flight = (await client.get("/metrics")).text.partition("\ngateway_inflight_requests ")[2].split("\n")[0]
    assert [each.status for each in (late, away)] == [504, 503]
    assert dict(headers_of(away.head))[b"retry-after"]
    assert all(dict(headers_of(each.head))[b"content-type"] == b"application/problem+json" for each in (late, away))
    assert in_flight == "1.0"  # the scrape itself


async def test_who_waits_in_vain_for_a_model_without_a_worker_is_told_to_come_again(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(deadline_seconds=0.1, canary_seconds=0) as client:
        torchserve.before_answer, torchserve.workers_ready = asyncio.Event().wait, 0

        async def known() -> bool:
            return not (await client.get("/readyz")).json()["checks"]["torchserve"]["ok"]

        async with asyncio.timeout(10):
            while not await known():
                await asyncio.sleep(0.05)
        told = await to_the_server(client, digit_png(1))
        usual = await client.post("/v1/predict", content=digit_png(2), headers={"Cache-Control": "no-cache"})
    assert [told.status, usual.status_code] == [503, 503]
    assert dict(headers_of(told.head))[b"retry-after"] == usual.headers["retry-after"].encode()


async def test_a_fault_of_ours_is_a_problem_that_tells_no_details_and_is_logged_with_its_ids(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: PictureReader, upload: bytes) -> None:
        raise RuntimeError("secret details")

    async with gateway() as client:
        monkeypatch.setattr(PictureReader, "read", broken)
        told = await to_the_server(client, digit_png(1), [(b"x-request-id", b"mine"), (b"traceparent", SAID)])
    assert told.status == 500
    assert b"secret" not in told.body
    [line] = [record for record in caplog.records if record.name == "gateway.routes.plain"]
    assert (line.__dict__["request_id"], line.__dict__["trace_id"]) == ("mine", TRACE_ID)

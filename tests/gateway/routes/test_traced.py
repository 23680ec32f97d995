"""A traced request is the request that it would be untraced, and a collector gets its spans."""

import asyncio
import base64
from collections.abc import Iterator

import httpx
import pytest
import redis
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gateway.prompt import headers_of
from gateway.routes.traced import UNTRACED, Traced
from gateway.trace import TRACE, Trace
from gateway.traceparent import read_caller, read_traceparent
from gateway.tracing import Tracing
from tests.gateway.collector import Collector, collecting, told
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.routes.in_flight import all_in_flight
from tests.gateway.routes.test_plain import said, to_the_server
from tests.gateway.test_traceparent import SAID, SPAN_ID, TRACE_ID
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

PARTS = ["decode", "cache", "queue", "model", "record"]
WAYS = ["ahead of ASGI", "through the application"]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


async def asked(
    client: httpx.AsyncClient, way: str, body: bytes, traceparent: bytes | None = SAID, state: bytes | None = None
) -> tuple[int, httpx.Headers, bytes]:
    """Status, headers and body of the answer to a picture."""
    headers = [(b"x-request-id", b"mine")] + ([] if traceparent is None else [(b"traceparent", traceparent)])
    headers += [] if state is None else [(b"tracestate", state)]
    if way == WAYS[0]:
        prompt = await to_the_server(client, body, headers)
        return prompt.status, httpx.Headers(headers_of(prompt.head)), prompt.body
    answer = await client.post("/v1/predict", content=body, headers=headers)
    return answer.status_code, answer.headers, answer.content


def by_name(spans: list[Span]) -> dict[str, Span]:
    named = {span.name: span for span in spans}
    assert len(named) == len(spans)
    return named


@pytest.mark.parametrize("way", WAYS)
async def test_a_miss_is_five_spans_under_the_id_that_the_caller_gave(
    gateway: Gateway, torchserve: TorchServeDouble, collector: Collector, valkey: str, way: str
) -> None:
    with redis.Redis.from_url(valkey) as server:
        server.flushall()
    async with gateway(otlp_endpoint=collector.url, redis_url=valkey, canary_seconds=0) as client:
        status, headers, body = await asked(client, way, digit_png(7))
    assert (status, said(body)["digit"], said(body)["cache"]) == (200, 7, "miss")
    spans = by_name(collector.of(TRACE_ID))
    assert spans.keys() == {"POST /v1/predict", *PARTS}
    root = spans["POST /v1/predict"]
    assert root.parent_span_id.hex() == SPAN_ID
    assert read_traceparent(headers["traceparent"].encode()) == (TRACE_ID, root.span_id.hex(), True)
    assert told(list(root.attributes)) == {
        "http.request.method": "POST",
        "http.route": "/v1/predict",
        "http.response.status_code": 200,
        "url.path": "/v1/predict",
        "digitserve.request_id": "mine",
        "digitserve.digit": 7,
        "digitserve.model_version": VERSION,
        "digitserve.cache": "miss",
    }
    parts = [spans[name] for name in PARTS]
    assert {part.parent_span_id for part in parts} == {root.span_id}
    times = [time for part in parts for time in (part.start_time_unix_nano, part.end_time_unix_nano)]
    assert [root.start_time_unix_nano, *times, root.end_time_unix_nano] == sorted(
        [root.start_time_unix_nano, *times, root.end_time_unix_nano]
    )
    took = [(part.end_time_unix_nano - part.start_time_unix_nano) / 1e6 for part in parts[:4]]
    assert took == pytest.approx([float(each.partition("dur=")[2]) for each in headers["server-timing"].split(", ")], abs=0.006)
    assert [each for each in torchserve.traceparents if each is not None] == [f"00-{TRACE_ID}-{spans['model'].span_id.hex()}-01"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_hit_is_looked_up_and_recorded(gateway: Gateway, collector: Collector, way: str) -> None:
    async with gateway(otlp_endpoint=collector.url) as client:
        await client.post("/v1/predict", content=digit_png(7), headers={"traceparent": SAID[:-1].decode() + "0"})
        status, _, body = await asked(client, way, digit_png(7))
    assert (status, said(body)["cache"]) == (200, "hit")
    spans = by_name(collector.of(TRACE_ID))
    assert spans.keys() == {"POST /v1/predict", "cache", "record"}


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_is_what_it_would_be_untraced(gateway: Gateway, collector: Collector, way: str) -> None:
    async with gateway(otlp_endpoint=collector.url) as client:
        await client.post("/v1/predict", content=digit_png(7))
        traced = await asked(client, way, digit_png(7))
        untraced = await asked(client, way, digit_png(7), SAID[:-1] + b"0")
        refused = await asked(client, way, b"no picture")
    assert said(traced[2]) == said(untraced[2])
    assert traced[1].keys() - untraced[1].keys() == {"traceparent"}
    assert refused[0] == 415
    assert "traceparent" in refused[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("said_to_be", [None, SAID + b"-more"], ids=["none", "malformed"])
async def test_without_a_caller_the_share_decides_and_a_trace_is_new(
    gateway: Gateway, collector: Collector, way: str, said_to_be: bytes | None
) -> None:
    for ratio in (0.0, 1.0):
        async with gateway(otlp_endpoint=collector.url, trace_ratio=ratio) as client:
            _, headers, _ = await asked(client, way, digit_png(7), said_to_be)
        assert ("traceparent" in headers) == (ratio == 1)
    new = read_traceparent(headers["traceparent"].encode())
    assert new is not None
    assert new.trace_id != TRACE_ID
    assert {span.trace_id.hex() for span in collector.spans} == {new.trace_id}


@pytest.mark.parametrize("way", WAYS)
async def test_the_model_is_told_what_other_systems_say_of_the_trace(
    gateway: Gateway, torchserve: TorchServeDouble, collector: Collector, way: str
) -> None:
    async with gateway(otlp_endpoint=collector.url, canary_seconds=0) as client:
        await asked(client, way, digit_png(7), state=b"vendor=1, t@other=2")
        await asked(client, way, digit_png(8), state=b"vendor=1,,nonsense")
    assert [each for each in torchserve.tracestates if each is not None] == ["vendor=1,t@other=2"]
    assert len([each for each in torchserve.traceparents if each is not None]) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_with_tracing_off_a_traceparent_changes_nothing(gateway: Gateway, torchserve: TorchServeDouble, way: str) -> None:
    async with gateway(canary_seconds=0) as client:
        status, headers, _ = await asked(client, way, digit_png(7))
    assert status == 200
    assert "traceparent" not in headers
    assert set(torchserve.traceparents) == {None}


async def test_the_first_traced_picture_of_a_batch_is_told_to_the_model_and_others_point_to_it(
    gateway: Gateway, torchserve: TorchServeDouble, collector: Collector
) -> None:
    """Pictures gather while the model is busy with the first two, which is as many as may be on their way."""
    may_answer = asyncio.Event()
    async with gateway(otlp_endpoint=collector.url, canary_seconds=0) as client:
        torchserve.before_answer = may_answer.wait
        asking: list[asyncio.Task[tuple[int, httpx.Headers, bytes]]] = []
        for traceparent, digits in ((None, [0]), (None, [1]), (SAID[:-1] + b"0", [2]), (None, [3, 4, 5])):
            asking += [asyncio.create_task(asked(client, WAYS[0], digit_png(digit), traceparent)) for digit in digits]
            await all_in_flight(client, len(asking))
        may_answer.set()
        answers = (await asyncio.gather(*asking))[3:]
    said_to_model = torchserve.traceparents[torchserve.batches.index(4)]
    assert said_to_model is not None
    roots = [read_traceparent(headers["traceparent"].encode()) for _, headers, _ in answers]
    models = [by_name(collector.of(root.trace_id))["model"] for root in roots if root is not None]
    first, *others = models
    assert read_traceparent(said_to_model.encode()) == (first.trace_id.hex(), first.span_id.hex(), True)
    assert [link.span_id for link in first.links] == [other.span_id for other in others]
    assert [[link.span_id for link in other.links] for other in others] == [[first.span_id]] * 2


async def test_each_picture_of_a_batch_has_its_spans(gateway: Gateway, collector: Collector) -> None:
    images = [base64.b64encode(digit_png(digit)).decode() for digit in (1, 2)] + ["AAAA"]
    async with gateway(otlp_endpoint=collector.url) as client:
        answer = await client.post("/v1/predict/batch", json={"images": images}, headers={"traceparent": SAID.decode()})
    assert answer.status_code == 200
    spans = collector.of(TRACE_ID)
    [root] = [span for span in spans if span.name == "POST /v1/predict/batch"]
    pictures = [span for span in spans if span.name == "picture"]
    assert [picture.parent_span_id for picture in pictures] == [root.span_id] * 2
    assert {told(list(picture.attributes))["digitserve.digit"] for picture in pictures} == {1, 2}
    for picture in pictures:
        assert [span.name for span in spans if span.parent_span_id == picture.span_id] == PARTS


async def test_other_calls_are_a_root_alone_and_machines_that_ask_after_us_are_none(gateway: Gateway, collector: Collector) -> None:
    async with gateway(otlp_endpoint=collector.url) as client:
        for path in ("/v1/model", "/v1/nothing", "/v1/predictions/none-of-ours", *UNTRACED):
            await client.get(path)
    assert [span.name for span in collector.spans] == ["GET /v1/model", "GET", "GET /v1/predictions/{prediction_id}"]


async def test_a_dead_collector_fails_no_request(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway(otlp_endpoint=f"http://127.0.0.1:{free_port()}") as client:
        answers = [await asked(client, way, digit_png(digit)) for digit in range(10) for way in WAYS for _ in range(10)]
        assert {status for status, _, _ in answers} == {200}
        await until(lambda: [record for record in caplog.records if record.name == "gateway.exporting"])
        counted = (await client.get("/metrics")).text
    assert 'gateway_spans_total{outcome="exported"} 0.0' in counted
    assert 'gateway_spans_total{outcome="failed"} 0.0' not in counted
    assert len([record for record in caplog.records if record.name == "gateway.exporting"]) == 1


async def test_a_request_is_not_part_of_the_trace_of_the_one_before_on_its_connection() -> None:
    """The server starts the next of a pipeline in the task of the one before."""
    seen: list[Trace | None] = []

    async def application(scope: object, receive: object, send: object) -> None:
        seen.append(TRACE.get())
        if len(seen) == 1:
            await asyncio.create_task(traced(scope_of([]), None, None))  # type: ignore[arg-type]

    def scope_of(headers: list[tuple[bytes, bytes]]) -> dict[str, object]:
        return {"type": "http", "method": "GET", "path": "/", "headers": headers, "state": {"request_id": "mine"}}

    traced = Traced(application, Tracing(0.0, lambda spans: None))
    await traced(scope_of([(b"traceparent", SAID)]), None, None)  # type: ignore[arg-type]
    first, second = seen
    assert first is not None
    assert read_caller([(b"traceparent", first.traceparent)]) is not None
    assert second is None
    assert TRACE.get() is None

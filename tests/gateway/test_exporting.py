"""Spans reach a collector; one that is away, slow or unwilling costs nothing but the spans."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.exporting import BATCH_SPANS, COMPLAINT_SECONDS, Exporting
from gateway.metrics import Metrics
from gateway.spans import Kind, Span
from tests.gateway.collector import Collector, collecting, told
from tests.gateway.torchserve_double import until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

LONG_SECONDS = 10.0


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


def span(name: str = "cache", number: int = 1) -> Span:
    return Span(name, Kind.INTERNAL, "a" * 32, f"{number:016x}", "b" * 16, 1_000, 2_000, {})


def count(metrics: Metrics, outcome: str) -> float:
    return metrics.registry.get_sample_value("gateway_spans_total", {"outcome": outcome}) or 0.0


async def test_a_span_arrives_as_it_is(collector: Collector) -> None:
    metrics = Metrics()
    exporting = Exporting(collector.url, metrics)
    root = Span("POST /v1/predict", Kind.SERVER, "a" * 32, "b" * 16, None, 1, 9, {"http.response.status_code": 503, "x": "y"}, failed=True)
    model = Span("model", Kind.CLIENT, "a" * 32, "c" * 16, "b" * 16, 2, 5, {}, links=(("d" * 32, "e" * 16),))
    exporting.take([root, model])
    await exporting.close(LONG_SECONDS)
    first, second = collector.spans
    assert (first.name, first.kind, first.trace_id.hex(), first.span_id.hex()) == ("POST /v1/predict", 2, "a" * 32, "b" * 16)
    assert first.parent_span_id == b""
    assert (first.start_time_unix_nano, first.end_time_unix_nano, first.status.code) == (1, 9, 2)
    assert told(list(first.attributes)) == {"http.response.status_code": 503, "x": "y"}
    assert (second.kind, second.parent_span_id.hex(), second.status.code) == (3, "b" * 16, 0)
    [link] = second.links
    assert (link.trace_id.hex(), link.span_id.hex()) == ("d" * 32, "e" * 16)
    assert collector.resources[0]["service.name"] == "digitserve-gateway"
    assert count(metrics, "exported") == 2


@pytest.mark.parametrize("ending", ["/", "/v1/traces"])
async def test_an_endpoint_may_be_named_in_full(collector: Collector, ending: str) -> None:
    exporting = Exporting(collector.url + ending, Metrics())
    exporting.take([span()])
    await exporting.close(LONG_SECONDS)
    assert len(collector.spans) == 1


async def test_spans_leave_by_themselves_soon(collector: Collector) -> None:
    exporting = Exporting(collector.url, Metrics())
    exporting.take([span()])
    await until(lambda: collector.spans)
    await exporting.close(LONG_SECONDS)


async def test_more_than_may_wait_are_dropped_request_by_request_and_counted(collector: Collector) -> None:
    collector.may_answer.clear()
    metrics = Metrics()
    exporting = Exporting(collector.url, metrics, most_waiting=5)
    exporting.take([span(number=1), span(number=2)])
    exporting.take([span(number=3), span(number=4)])
    exporting.take([span(number=5), span(number=6)])
    exporting.take([span(number=7)])
    await until(collector.asked.is_set)
    exporting.take([span(number=8)])
    assert count(metrics, "dropped") == 3
    collector.may_answer.set()
    await until(lambda: len(collector.spans) == 5)
    exporting.take([span(number=9)])
    await exporting.close(LONG_SECONDS)
    assert [int(each.span_id.hex(), 16) for each in collector.spans] == [1, 2, 3, 4, 7, 9]
    assert (count(metrics, "exported"), count(metrics, "failed"), count(metrics, "dropped")) == (6, 0, 3)


async def test_a_collector_that_does_not_answer_holds_up_no_end(collector: Collector) -> None:
    collector.may_answer.clear()
    exporting = Exporting(collector.url, Metrics())
    exporting.take([span()])
    started = time.monotonic()
    await exporting.close(0.2)
    assert time.monotonic() - started < 2


async def test_once_closed_nothing_is_tried_any_more() -> None:
    """Eight batches to where nobody listens would take up to two seconds each; `no_spans_are_sent_after_their_test` waits for less."""
    metrics = Metrics()
    exporting = Exporting(f"http://127.0.0.1:{free_port()}", metrics)
    exporting.take([span(number=number + 1) for number in range(8 * BATCH_SPANS)])
    await exporting.close(0.1)
    await until(lambda: count(metrics, "failed") == 8 * BATCH_SPANS)


async def test_a_collector_that_takes_nothing_is_complained_of_once_a_minute(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    metrics, now = Metrics(), [1_000.0]
    exporting = Exporting(collector.url, metrics, most_waiting=1, clock=lambda: now[0])
    collector.status = 400
    for failed in range(1, 4):  # each leaves at once: no more than one may wait
        await _send_one(exporting, metrics, failed)
    now[0] += COMPLAINT_SECONDS
    await _send_one(exporting, metrics, 4)
    await exporting.close(LONG_SECONDS)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, lines
    assert "1 are lost" in lines[0]
    assert "3 are lost" in lines[1]
    assert all(collector.url.removeprefix("http://") in line and "Bad Request" in line for line in lines)


async def _send_one(exporting: Exporting, metrics: Metrics, failed: int) -> None:
    exporting.take([span()])
    await until(lambda: count(metrics, "failed") == failed)


async def test_a_collector_that_is_away_is_said_to_be_without_its_password(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    port = free_port()
    exporting = Exporting(f"http://somebody:secret@127.0.0.1:{port}", metrics, most_waiting=1)
    exporting.take([span()])
    await until(lambda: count(metrics, "failed") == 1)
    await exporting.close(LONG_SECONDS)
    [line] = [record.getMessage() for record in caplog.records]
    assert f"127.0.0.1:{port}" in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_EXPORTER_OTLP_HEADERS", "nonsense"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "nonsense"),
        ("OTEL_RESOURCE_ATTRIBUTES", "nonsense"),
        ("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "nonsense"),
    ],
)
async def test_a_variable_that_says_nonsense_is_told_in_a_line_and_spans_arrive(
    variable: str, value: str, collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, value)
    exporting = Exporting(collector.url, Metrics())
    exporting.take([span()])
    await exporting.close(LONG_SECONDS)
    [line] = caplog.records
    assert line.getMessage().startswith("what an OTEL_ variable says is not used: ")
    assert value in line.getMessage()
    assert line.exc_info is None
    assert len(collector.spans) == 1


@pytest.mark.parametrize("variable", ["OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_EXPORTER_OTLP_TIMEOUT"])
async def test_a_variable_about_what_is_set_here_is_not_looked_at(
    variable: str, collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, "nonsense")
    exporting = Exporting(collector.url, Metrics())
    exporting.take([span()])
    await exporting.close(LONG_SECONDS)
    assert caplog.messages == []
    assert len(collector.spans) == 1


@pytest.mark.parametrize("variable", ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER"])
async def test_one_that_opentelemetry_refuses_keeps_the_gateway_from_starting_in_a_line(variable: str, tmp_path: Path) -> None:
    given = {"GATEWAY_OTLP_ENDPOINT": "http://127.0.0.1:1", "GATEWAY_STATE_DIR": str(tmp_path), variable: "nonsense"}
    program = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "gateway", "serve"], env={**os.environ, **given}, capture_output=True, text=True, timeout=60
    )
    assert program.returncode != 0
    [line] = (program.stdout + program.stderr).splitlines()
    assert "a variable of OpenTelemetry's cannot be used: " in line
    assert "nonsense" in line


NOTHING_LOADED = """
import sys
import gateway.server
from gateway.app import create_app
from gateway.settings import Settings
create_app(Settings(state_dir=sys.argv[1]))
needed = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf")
print([name for name in sys.modules if name.startswith(needed)])
"""
"""Nothing of traces: the Redis client looks whether there are metrics of OpenTelemetry, and so loads those."""


async def test_without_tracing_nothing_of_it_is_loaded(tmp_path: object) -> None:
    program = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", NOTHING_LOADED, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert program.stdout == "[]\n"

"""The only module that knows OpenTelemetry: spans leave for a collector by OTLP, and no request ever waits for that, or fails by it.

Import it where tracing is on alone: what it needs takes time to load, and memory.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from gateway import __version__
from gateway.metrics import Metrics
from gateway.spans import Kind, Span

log = logging.getLogger(__name__)

SERVICE = "digitserve-gateway"
TRACES_PATH = "/v1/traces"

MOST_WAITING = 4_096
"""Spans, of three quarters of a kilobyte each. More are dropped, and counted."""

BATCH_SPANS = 128
"""At a time: while they are made into bytes, which takes two milliseconds, requests of this process wait."""

DELAY_SECONDS = 1.0
"""How long a span waits for others."""

EXPORT_SECONDS = 2.0
"""What a collector may take for a batch, tries included."""

COMPLAINT_SECONDS = 60.0
"""A collector that is away is complained of so often."""

KINDS = {Kind.SERVER: SpanKind.SERVER, Kind.INTERNAL: SpanKind.INTERNAL, Kind.CLIENT: SpanKind.CLIENT}
FAILED, USUAL = Status(StatusCode.ERROR), Status(StatusCode.UNSET)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Exporting:
    """Takes spans of one thread and sends them from another, in batches."""

    def __init__(
        self, endpoint: str, metrics: Metrics, *, most_waiting: int = MOST_WAITING, clock: Callable[[], float] = time.monotonic
    ) -> None:
        heard = _Heard.by(logging.getLogger("opentelemetry"))
        self._resource = Resource.create({"service.name": SERVICE, "service.version": __version__})
        self._scope = InstrumentationScope("gateway", __version__)
        self._sender = _Sender(endpoint, metrics, clock, heard)
        if heard.words is not None:
            log.warning("what an OTEL_ variable says is not used: %s", heard.words)
        self._most_waiting, self._taken = most_waiting, 0
        self._dropped = metrics.spans.labels("dropped")
        self._processor = BatchSpanProcessor(
            self._sender,
            max_queue_size=most_waiting,
            schedule_delay_millis=DELAY_SECONDS * 1000,
            max_export_batch_size=min(BATCH_SPANS, most_waiting),
        )

    def take(self, spans: list[Span]) -> None:
        """All of them, or none where too many wait: a trace with holes misleads."""
        if self._taken - self._sender.done + len(spans) > self._most_waiting:
            self._dropped.inc(len(spans))
            return
        self._taken += len(spans)
        for span in spans:
            self._processor.on_end(self._readable(span))

    async def close(self, seconds: float) -> None:
        """Send what waits, as far as that takes no longer than so many seconds; of the rest nothing is tried any more."""
        loop = asyncio.get_running_loop()
        closed = asyncio.Event()

        def close() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with suppress(RuntimeError):  # nobody waits any longer
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close, name="last spans", daemon=True).start()  # asyncio's own would keep the process from ending
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await closed.wait()
        self._sender.shutdown()

    def _readable(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            span.name,
            _context(span.trace_id, span.span_id),
            None if span.parent_id is None else _context(span.trace_id, span.parent_id),
            self._resource,
            span.attributes,
            links=[Link(_context(*place)) for place in span.links],
            kind=KINDS[span.kind],
            status=FAILED if span.failed else USUAL,
            start_time=span.start_ns,
            end_time=span.end_ns,
            instrumentation_scope=self._scope,
        )


class _Sender(SpanExporter):
    """OpenTelemetry's own, whose failures are counted, and told once in a while instead of each time."""

    def __init__(self, endpoint: str, metrics: Metrics, clock: Callable[[], float], heard: "_Heard") -> None:
        self._clock, self._heard = clock, heard
        self._host = urlsplit(endpoint).netloc.rpartition("@")[2]  # without a password
        self._own = OTLPSpanExporter(endpoint=endpoint.rstrip("/").removesuffix(TRACES_PATH) + TRACES_PATH, timeout=EXPORT_SECONDS)
        self._exported, self._failed = metrics.spans.labels("exported"), metrics.spans.labels("failed")
        self._lost = 0
        self._complained_at = -math.inf
        self.done = 0
        """Spans that wait no longer."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._heard.words, result = None, SpanExportResult.FAILURE
        try:
            result = self._own.export(spans)
        except Exception as error:  # nobody else would hear of it
            self._heard.words = f"{type(error).__name__}: {error}"
        self.done += len(spans)
        if result is SpanExportResult.SUCCESS:
            self._exported.inc(len(spans))
        else:
            self._failed.inc(len(spans))
            self._complain(len(spans))
        return result

    def shutdown(self) -> None:
        self._own.shutdown()  # type: ignore[no-untyped-call]

    def _complain(self, lost: int) -> None:
        self._lost += lost
        now = self._clock()
        if now - self._complained_at >= COMPLAINT_SECONDS:
            log.warning("the collector %s takes no spans, %d are lost (%s)", self._host, self._lost, self._heard.words)
            self._complained_at, self._lost = now, 0


class _Heard(logging.Handler):
    """What a library says first of a failure, which is written nowhere: it would say so each time."""

    def __init__(self) -> None:
        super().__init__()
        self.words: str | None = None

    @classmethod
    def by(cls, logger: logging.Logger) -> "_Heard":
        logger.propagate = False
        logger.handlers = [heard := cls()]
        return heard

    def emit(self, record: logging.LogRecord) -> None:
        self.words = self.words or record.getMessage()


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=SAMPLED)

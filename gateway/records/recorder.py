"""From the event loop to the database: records wait in memory for the next batch, labels are answered once they are committed."""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.metrics import Metrics
from gateway.prediction_id import milliseconds_of
from gateway.records.batch import AlertRow, Batch, LabelOutcome, LabelRow, LabelState, PixelsRow, PredictionRow
from gateway.records.store import RecordsUnavailable, Retention, Sink

Told = TypeVar("Told")

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.05
"""How long predictions gather. A label waits for nothing but the batch before it."""

BATCH_ROWS = 5_000
WAITING_ROWS = 100_000
"""Some 40 MB. Predictions past it are not recorded, and are told so."""

WAITING_LABELS = 10_000
RETRY_SECONDS = 0.25
TIDY_SECONDS = 60.0


class Recorder:
    """One thread writes; `record` costs an append. What cannot be written now is kept and tried again with a fresh connection.

    A label is tried until the database has said what became of it, so it is counted once however often it was sent.
    """

    def __init__(self, open_sink: Callable[[], Sink], metrics: Metrics, retention: Retention) -> None:
        self._open_sink, self._metrics, self._retention = open_sink, metrics, retention
        self._predictions: deque[PredictionRow] = deque()
        self._pixels: deque[PixelsRow] = deque()
        self._labels: deque[_Asked] = deque()
        self._alerts: deque[AlertRow] = deque()
        self._recorded = self._written = 0
        """Predictions and alerts taken, and of these committed; no alert is overtaken by what was taken after it."""
        self._settling: deque[tuple[int, _Waiter[None]]] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._tidied_at = -math.inf
        self._failure: str | None = "no database was opened yet"
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        metrics.records_waiting.set_function(lambda: len(self._predictions))

    @property
    def failure(self) -> str | None:
        """Why records are not written now; None when they are."""
        return self._failure

    def start(self) -> None:
        self._thread.start()

    async def close(self, seconds: float) -> None:
        """Write what waits, for at most so long."""
        self._closing = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join, seconds)
        if self._predictions:
            log.error("%d predictions were not recorded: %s", len(self._predictions), self._failure)

    def record(self, prediction: PredictionRow, pixels: PixelsRow | None = None) -> bool:
        """Whether it will be written: from now on it is lost only with this process."""
        if len(self._predictions) >= WAITING_ROWS:
            self._metrics.records.labels("prediction", "dropped").inc()
            return False
        self._predictions.append(prediction)
        self._recorded += 1
        if pixels is not None:
            self._pixels.append(pixels)
        return True

    async def keep(self, alert: AlertRow) -> None:
        """Returns once it is committed. May take for ever."""
        self._alerts.append(alert)
        self._recorded += 1
        await self.settled()

    async def settled(self) -> None:
        """Wait until all that was recorded before this call is committed. May take for ever."""
        waiter: _Waiter[None] = _Waiter()
        self._settling.append((self._recorded, waiter))
        self._wake.set()
        await waiter.future

    async def label(self, row: LabelRow) -> LabelOutcome:
        """What became of the label, once that is committed. Raises RecordsUnavailable where too many wait; may take for ever."""
        if len(self._labels) >= WAITING_LABELS:
            self._metrics.records.labels("label", "dropped").inc()
            raise RecordsUnavailable(self._failure or "too many labels wait")
        waiter: _Waiter[LabelOutcome] = _Waiter()

        def answer(outcome: LabelOutcome) -> None:
            if outcome.state is LabelState.STORED:
                delay_seconds = max(0, row.at_ms - milliseconds_of(row.id)) / 1000
                self._metrics.count_label(row.model_version, row.predicted, row.label, outcome.previous, delay_seconds)
            waiter.tell(outcome)

        self._labels.append(_Asked(row, answer))
        self._wake.set()
        return await waiter.future

    def _run(self) -> None:
        sink: Sink | None = None
        while True:
            self._wake.wait(BATCH_SECONDS)
            self._wake.clear()
            closing = self._closing  # before the last look at what waits
            try:
                sink = sink or self._open_sink()
                while taken := self._take():
                    self._write(sink, *taken)
                self._failure = None
                self._tell_settled()
                self._tidy(sink)
            except RecordsUnavailable as error:
                self._fail(error)
                if sink is not None:
                    sink.close()
                    sink = None
                if not closing:
                    time.sleep(RETRY_SECONDS)
            if closing:
                break
        if sink is not None:
            sink.close()

    def _take(self) -> tuple[Batch, list["_Asked"]] | None:
        asked = [self._labels.popleft() for _ in range(len(self._labels))]
        predictions = [self._predictions.popleft() for _ in range(min(BATCH_ROWS, len(self._predictions)))]
        pixels = [self._pixels.popleft() for _ in range(min(BATCH_ROWS, len(self._pixels)))]
        alerts = [self._alerts.popleft() for _ in range(len(self._alerts))]
        batch = Batch(predictions, pixels, [each.row for each in asked], alerts)
        return (batch, asked) if len(batch) else None

    def _write(self, sink: Sink, batch: Batch, asked: list["_Asked"]) -> None:
        try:
            outcomes = sink.write(batch)
        except RecordsUnavailable:
            self._predictions.extendleft(reversed(batch.predictions))
            self._pixels.extendleft(reversed(batch.pixels))
            self._labels.extendleft(reversed(asked))
            self._alerts.extendleft(reversed(batch.alerts))
            self._count("failed", batch)
            raise
        self._count("written", batch)
        self._written += len(batch.predictions) + len(batch.alerts)
        for each, outcome in zip(asked, outcomes, strict=True):
            each.answer(outcome)

    def _tell_settled(self) -> None:
        while self._settling and self._settling[0][0] <= self._written:
            self._settling.popleft()[1].tell(None)

    def _tidy(self, sink: Sink) -> None:
        if time.monotonic() - self._tidied_at > TIDY_SECONDS:
            deleted = sink.tidy(self._retention)
            self._metrics.records.labels("prediction", "deleted").inc(deleted)
            self._tidied_at = time.monotonic()

    def _fail(self, error: RecordsUnavailable) -> None:
        if str(error) != self._failure:
            log.warning("records are not written (%s); they are kept and tried again", error)
        self._failure = str(error)

    def _count(self, outcome: str, batch: Batch) -> None:
        counts = {"prediction": len(batch.predictions), "pixels": len(batch.pixels), "label": len(batch.labels), "alert": len(batch.alerts)}
        for kind, count in counts.items():
            self._metrics.records.labels(kind, outcome).inc(count)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A label, and who is told what became of it."""

    row: LabelRow
    answer: Callable[[LabelOutcome], None]


class _Waiter(Generic[Told]):
    """Somebody in an event loop who waits for what another thread will tell."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Told] = self._loop.create_future()

    def tell(self, told: Told) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._settle, told)

    def _settle(self, told: Told) -> None:
        if not self.future.done():
            self.future.set_result(told)

"""From the event loop to the database: records wait in memory for the next batch, labels are answered once they are committed."""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.metrics import Metrics
from gateway.prediction_id import milliseconds_of
from gateway.records.batch import AlertRow, Batch, LabelOutcome, LabelRow, LabelState, PixelsRow
from gateway.records.packed import Noted, packed
from gateway.records.store import RecordsUnavailable, Retention, RowsRefused, Sink

Told = TypeVar("Told")

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.1
"""How long predictions gather. A label waits for nothing but the batch before it."""

PACKED_TOGETHER = 64
"""Rows: one by one, between all else that an answer takes, packing costs twice as much."""

PACKED_WITHIN_SECONDS = 0.05
BATCH_ROWS = 5_000
WAITING_ROWS = 100_000
"""Some 20 MB. Predictions past it are not recorded, and are told so."""

WAITING_LABELS = 10_000
RETRY_SECONDS = 0.25
TIDY_SECONDS = 60.0


class Recorder:
    """One thread writes; `record` costs an append. What cannot be written now is kept and tried again with a fresh connection.

    A label is tried until the database has said what became of it, so it is counted once however often it was sent.
    """

    def __init__(self, open_sink: Callable[[], Sink], metrics: Metrics, retention: Retention) -> None:
        self._open_sink, self._metrics, self._retention = open_sink, metrics, retention
        self._noted: list[Noted] = []
        """Of the event loop alone: to be packed."""
        self._packing: asyncio.TimerHandle | None = None
        self._predictions: deque[bytes] = deque()
        self._pixels: deque[PixelsRow] = deque()
        self._labels: deque[_Label] = deque()
        self._alerts: deque[_Alert] = deque()
        self._recorded = self._written = 0
        """Predictions taken, and of these committed (or dropped), in the same order."""
        self._settling: deque[tuple[int, _Waiter[None]]] = deque()
        self._wake = threading.Event()
        self._closing = self._given_up = False
        self._tidied_at = -math.inf
        self._failure: str | None = "no database was opened yet"
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        metrics.follow(metrics.records_waiting, self._waiting)

    @property
    def failure(self) -> str | None:
        """Why records are not written now; None when they are."""
        return self._failure if self._thread.is_alive() else "the thread that writes records has ended"

    def start(self) -> None:
        self._thread.start()

    async def close(self, seconds: float) -> None:
        """Write what waits, for at most so long."""
        if self._packing is not None:
            self._packing.cancel()
        self._pack()
        self._closing = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join, seconds)
        self._given_up = True
        left = len(self._predictions) + len(self._labels) + len(self._alerts)
        if self._thread.is_alive() or left:
            log.error("not all was recorded (%d rows wait): %s", left, self._failure)

    def record(self, prediction: Noted, pixels: PixelsRow | None = None) -> bool:
        """Whether it will be written: from now on it is lost only with this process. For one event loop."""
        if self._waiting() >= WAITING_ROWS:
            self._metrics.records.labels("prediction", "dropped").inc()
            return False
        self._noted.append(prediction)
        if len(self._noted) >= PACKED_TOGETHER:
            self._pack()
        elif self._packing is None:
            self._packing = asyncio.get_running_loop().call_later(PACKED_WITHIN_SECONDS, self._pack_what_is_left)
        if pixels is not None:
            self._pixels.append(pixels)
        return True

    async def keep(self, row: AlertRow) -> None:
        """Returns once it is committed; may take for ever. Raises RecordsUnavailable where the database will never take it."""
        alert = _Alert(row, _Waiter())
        self._alerts.append(alert)
        self._wake.set()
        if not await alert.waiter.future:
            raise RecordsUnavailable("the database does not take this alert")

    async def settled(self) -> None:
        """Wait until all that was recorded before this call is committed. May take for ever."""
        self._pack()
        waiter: _Waiter[None] = _Waiter()
        self._settling.append((self._recorded, waiter))
        self._wake.set()
        await waiter.future

    async def label(self, row: LabelRow) -> LabelOutcome:
        """What became of the label, once that is committed. Raises RecordsUnavailable where too many wait; may take for ever."""
        if len(self._labels) >= WAITING_LABELS:
            self._metrics.records.labels("label", "dropped").inc()
            raise RecordsUnavailable(self._failure or "too many labels wait")
        label = _Label(row, _Waiter())
        self._labels.append(label)
        self._wake.set()
        outcome = await label.waiter.future
        if outcome is None:
            raise RecordsUnavailable("the database does not take this label")
        return outcome

    def _waiting(self) -> int:
        return len(self._noted) + len(self._predictions)

    def _pack_what_is_left(self) -> None:
        self._packing = None
        self._pack()

    def _pack(self) -> None:
        noted, self._noted = self._noted, []
        for row in noted:
            try:
                self._predictions.append(packed(*row))
            except ValueError as error:
                log.error("a row is dropped, it cannot be one: %s", error)
                self._metrics.records.labels("prediction", "dropped").inc()
            else:
                self._recorded += 1

    def _run(self) -> None:
        """Turn after turn: what goes wrong in one, whatever it is, is told and tried again in the next."""
        sink: Sink | None = None
        more = False
        while not self._given_up:
            if not more:
                self._wake.wait(BATCH_SECONDS)
            self._wake.clear()
            closing = self._closing  # before the last look at what waits
            try:
                sink = sink or self._open_sink()
                more = self._turn(sink)
            except Exception as error:
                self._fail(error)
                more = False
                if sink is not None:
                    sink.close()
                    sink = None
                time.sleep(RETRY_SECONDS)
            if closing and not (self._predictions or self._pixels or self._labels or self._alerts):
                break
        if sink is not None:
            sink.close()

    def _turn(self, sink: Sink) -> bool:
        """One batch, and a little tidying. Whether there is more to do at once."""
        taken = self._take()
        if len(taken.batch):
            self._write(sink, taken)
        self._failure = None
        while self._settling and self._settling[0][0] <= self._written:
            self._settling.popleft()[1].tell(None)
        return self._tidy(sink) or len(taken.predictions) == BATCH_ROWS

    def _take(self) -> "_Taken":
        return _Taken(
            [self._predictions.popleft() for _ in range(min(BATCH_ROWS, len(self._predictions)))],
            [self._pixels.popleft() for _ in range(min(BATCH_ROWS, len(self._pixels)))],
            [self._labels.popleft() for _ in range(len(self._labels))],
            [self._alerts.popleft() for _ in range(len(self._alerts))],
        )

    def _put_back(self, taken: "_Taken") -> None:
        self._predictions.extendleft(reversed(taken.predictions))
        self._pixels.extendleft(reversed(taken.pixels))
        self._labels.extendleft(reversed(taken.labels))
        self._alerts.extendleft(reversed(taken.alerts))

    def _write(self, sink: Sink, taken: "_Taken") -> None:
        batch = taken.batch
        try:
            outcomes = sink.write(batch)
        except RowsRefused as error:
            self._write_singly(sink, taken, error)
            return
        except BaseException:
            self._put_back(taken)
            self._count("failed", batch)
            raise
        self._count("written", batch)
        self._written += len(taken.predictions)
        for label, outcome in zip(taken.labels, outcomes, strict=True):
            self._tell(label, outcome)
        for alert in taken.alerts:
            alert.waiter.tell(True)

    def _write_singly(self, sink: Sink, taken: "_Taken", error: RowsRefused) -> None:
        """A row that can never be written takes none of its neighbours along."""
        if len(taken.batch) == 1:
            log.error("a row is dropped, the database will never take it (%s): %s", error, taken.batch)
            self._count("dropped", taken.batch)
            self._written += len(taken.predictions)
            for label in taken.labels:
                label.waiter.tell(None)
            for alert in taken.alerts:
                alert.waiter.tell(False)
            return
        singles = taken.singles()
        for place, single in enumerate(singles):
            try:
                self._write(sink, single)
            except BaseException:
                for later in reversed(singles[place + 1 :]):
                    self._put_back(later)
                raise

    def _tell(self, label: "_Label", outcome: LabelOutcome) -> None:
        row = label.row
        if outcome.state is LabelState.STORED:
            delay_seconds = max(0, row.at_ms - milliseconds_of(row.id)) / 1000
            self._metrics.count_label(row.model_version, row.predicted, row.label, outcome.previous, delay_seconds)
        label.waiter.tell(outcome)

    def _tidy(self, sink: Sink) -> bool:
        """A chunk of what retention says to delete, each minute until that is done. Whether there is more."""
        if time.monotonic() - self._tidied_at < TIDY_SECONDS:
            return False
        tidied_at, self._tidied_at = self._tidied_at, time.monotonic()  # also where it fails
        deleted = sink.tidy(self._retention)
        self._metrics.records.labels("prediction", "deleted").inc(deleted)
        if deleted:
            self._tidied_at = tidied_at
        return bool(deleted)

    def _fail(self, error: Exception) -> None:
        if str(error) != self._failure:
            known = isinstance(error, RecordsUnavailable)
            log.warning("records are not written (%s); they are kept and tried again", error, exc_info=None if known else error)
        self._failure = str(error) or type(error).__name__

    def _count(self, outcome: str, batch: Batch) -> None:
        counts = {"prediction": len(batch.packed), "pixels": len(batch.pixels), "label": len(batch.labels), "alert": len(batch.alerts)}
        for kind, count in counts.items():
            self._metrics.records.labels(kind, outcome).inc(count)


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


@dataclass(frozen=True, slots=True)
class _Alert:
    """An alert, and who is told whether it is kept."""

    row: AlertRow
    waiter: _Waiter[bool]


@dataclass(frozen=True, slots=True)
class _Label:
    """A label, and who is told what became of it; None: the database will never take it."""

    row: LabelRow
    waiter: _Waiter[LabelOutcome | None]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one write is about."""

    predictions: list[bytes] = field(default_factory=list)
    pixels: list[PixelsRow] = field(default_factory=list)
    labels: list[_Label] = field(default_factory=list)
    alerts: list[_Alert] = field(default_factory=list)

    @property
    def batch(self) -> Batch:
        return Batch(
            pixels=self.pixels,
            labels=[label.row for label in self.labels],
            packed=self.predictions,
            alerts=[alert.row for alert in self.alerts],
        )

    def singles(self) -> "list[_Taken]":
        """The same, a row each, in the order in which a batch writes."""
        return [
            *(_Taken(predictions=[row]) for row in self.predictions),
            *(_Taken(pixels=[row]) for row in self.pixels),
            *(_Taken(alerts=[alert]) for alert in self.alerts),
            *(_Taken(labels=[label]) for label in self.labels),
        ]

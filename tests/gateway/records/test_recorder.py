"""What was taken is written, in order and once, however often the database fails; nobody is told more than is true."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.metrics import Metrics
from gateway.records.batch import AlertRow, Batch, LabelOutcome, LabelRow, LabelState
from gateway.records.recorder import Recorder
from gateway.records.store import RecordsUnavailable, Retention, RowsRefused
from tests.gateway.records.rows import VERSION, kept, label, noted, prediction, waiting
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio


@dataclass
class Database:
    """A sink in memory that can be broken, slowed down, and lose its answers."""

    rows: list[bytes] = field(default_factory=list)
    labels: dict[str, LabelRow] = field(default_factory=dict)
    alerts: list[AlertRow] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    opened: int = 0
    tidied: list[Retention] = field(default_factory=list)
    refuses: str | None = None
    untakeable: bytes | None = None
    breaks: BaseException | None = None
    loses_answers: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def open(self) -> "Database":
        self.opened += 1
        if self.refuses:
            raise RecordsUnavailable(self.refuses)
        return self

    def write(self, batch: Batch) -> list[LabelOutcome]:
        self.gate.wait(5)
        if self.breaks is not None:
            error, self.breaks = self.breaks, None
            raise error
        if self.untakeable in batch.packed or "untakeable" in [row.caller for row in batch.labels]:
            raise RowsRefused("no database takes this")
        if self.refuses:
            raise RecordsUnavailable(self.refuses)
        self.batches.append(len(batch))
        self.rows += [row for row in batch.packed if row not in self.rows]
        self.alerts += batch.alerts
        outcomes = [self._label(row) for row in batch.labels]
        if self.loses_answers:
            self.loses_answers -= 1
            raise RecordsUnavailable("the answer was lost")
        return outcomes

    def _label(self, row: LabelRow) -> LabelOutcome:
        there = self.labels.setdefault(row.id, row)
        if there.token == row.token:
            return LabelOutcome(LabelState.STORED, None)
        return LabelOutcome(LabelState.SAME if there.label == row.label else LabelState.CONFLICT, there.label)

    def tidy(self, retention: Retention) -> int:
        self.tidied.append(retention)
        return 3 if len(self.tidied) < 3 else 0

    def prune(self, retention: Retention) -> int:
        raise AssertionError("a recorder tidies")

    def close(self) -> None: ...


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


Recording = Callable[[], AbstractAsyncContextManager[Recorder]]


@pytest.fixture
def recording(database: Database, metrics: Metrics) -> Recording:
    @asynccontextmanager
    async def run() -> AsyncIterator[Recorder]:
        recorder = Recorder(database.open, metrics, Retention(7, 2**30))
        recorder.start()
        yield recorder
        database.gate.set()
        await recorder.close(5)

    return run


def counted(metrics: Metrics, kind: str, outcome: str) -> float | None:
    return metrics.registry.get_sample_value("gateway_records_total", {"kind": kind, "outcome": outcome})


async def test_what_is_recorded_is_written_in_order_and_together(recording: Recording, database: Database, metrics: Metrics) -> None:
    rows = [prediction(digit=number % 10) for number in range(100)]
    async with recording() as recorder:
        assert all(recorder.record(noted(row), kept()) for row in rows)
        await recorder.settled()
        assert database.rows == list(map(waiting, rows))
    assert sum(database.batches) == 200
    assert len(database.batches) <= 2
    assert counted(metrics, "prediction", "written") == counted(metrics, "pixels", "written") == 100


async def test_what_waits_when_the_process_is_told_to_stop_is_written(recording: Recording, database: Database) -> None:
    async with recording() as recorder:
        recorder.record(noted(prediction()))
    assert len(database.rows) == 1


async def test_a_label_is_answered_at_once_and_counted_once(recording: Recording, metrics: Metrics) -> None:
    row = prediction()
    async with recording() as recorder:
        outcomes = [await recorder.label(label(row, digit)) for digit in (4, 4, 5)]
    assert [outcome.state for outcome in outcomes] == [LabelState.STORED, LabelState.SAME, LabelState.CONFLICT]
    cell = {"label": "4", "predicted": "7", "model_version": VERSION}
    assert metrics.registry.get_sample_value("digits_feedback_total", cell) == 1


async def test_a_lost_answer_neither_loses_a_label_nor_counts_it_twice(recording: Recording, database: Database, metrics: Metrics) -> None:
    database.loses_answers = 1
    async with recording() as recorder:
        outcome = await recorder.label(label(prediction(), 4))
    assert outcome == LabelOutcome(LabelState.STORED, None)
    cell = {"label": "4", "predicted": "7", "model_version": VERSION}
    assert metrics.registry.get_sample_value("digits_feedback_total", cell) == 1
    assert database.opened == 2


async def test_a_database_that_is_gone_for_a_while_loses_nothing(recording: Recording, database: Database, metrics: Metrics) -> None:
    rows = [prediction(digit=number) for number in range(10)]
    async with recording() as recorder:
        recorder.record(noted(rows[0]))
        await recorder.settled()
        assert recorder.failure is None
        database.refuses = "the disk is full"
        for row in rows[1:6]:
            recorder.record(noted(row))
        labelling = asyncio.create_task(recorder.label(label(rows[0], 4)))
        await until(lambda: recorder.failure)
        assert recorder.failure == "the disk is full"
        for row in rows[6:]:
            recorder.record(noted(row))
        assert not labelling.done()
        assert metrics.registry.get_sample_value("gateway_records_waiting") == 9
        database.refuses = None
        assert (await labelling).state is LabelState.STORED
        await recorder.settled()
        await until(lambda: recorder.failure is None)
    assert database.rows == list(map(waiting, rows))
    assert (counted(metrics, "label", "failed") or 0) >= 1


@pytest.mark.parametrize("error", [ValueError("what?"), KeyError("outcomes"), MemoryError()])
async def test_no_error_of_any_kind_ends_the_recording(recording: Recording, database: Database, error: Exception) -> None:
    async with recording() as recorder:
        database.breaks = error
        recorder.record(noted(prediction()))
        await recorder.settled()
        assert recorder.failure is None
    assert len(database.rows) == 1


async def test_a_row_that_can_never_be_written_takes_no_other_along(recording: Recording, database: Database, metrics: Metrics) -> None:
    good, bad = prediction(), prediction()
    database.untakeable = waiting(bad)
    async with recording() as recorder:
        database.gate.clear()
        for row in (good, bad, prediction()):
            recorder.record(noted(row))
        labels = [recorder.label(label(good, 4)), recorder.label(label(good, 5)._replace(caller="untakeable"))]
        labelling = [asyncio.create_task(each) for each in labels]
        await asyncio.sleep(0)
        database.gate.set()
        assert (await labelling[0]).state is LabelState.STORED
        with pytest.raises(RecordsUnavailable, match="does not take"):
            await labelling[1]
        await recorder.settled()
    assert len(database.rows) == 2
    assert waiting(bad) not in database.rows
    assert counted(metrics, "prediction", "dropped") == counted(metrics, "label", "dropped") == 1


async def test_few_are_written_soon_without_anybody_asking(recording: Recording, database: Database) -> None:
    rows = [prediction(digit=number) for number in range(3)]
    async with recording() as recorder:
        for row in rows:
            recorder.record(noted(row))
        await until(lambda: len(database.rows) == 3)
        recorder.record(noted(rows[0]))
        recorder.record(noted(last := prediction()))
        await until(lambda: database.rows[-1] == waiting(last))


async def test_a_row_that_cannot_be_one_takes_no_other_along(recording: Recording, database: Database, metrics: Metrics) -> None:
    good = prediction()
    async with recording() as recorder:
        recorder.record(noted(prediction()._replace(model_version="none")))
        recorder.record(noted(good))
        await recorder.settled()
        assert database.rows == [waiting(good)]
    assert counted(metrics, "prediction", "dropped") == 1


async def test_under_steady_load_what_is_written_is_settled(recording: Recording, database: Database) -> None:
    async with recording() as recorder:

        async def load() -> None:
            while True:
                recorder.record(noted(prediction()))
                await asyncio.sleep(0)

        loading = asyncio.create_task(load())
        async with asyncio.timeout(5):
            for _ in range(5):
                await recorder.settled()
        loading.cancel()
    assert database.tidied


async def test_a_database_that_comes_back_while_the_process_stops_is_written(database: Database, metrics: Metrics) -> None:
    recorder = Recorder(database.open, metrics, Retention(7, 2**30))
    database.refuses = "the leader has left"
    recorder.start()
    recorder.record(noted(prediction()))
    await until(lambda: recorder.failure == "the leader has left")
    closing = asyncio.create_task(recorder.close(5))
    await asyncio.sleep(0)
    database.refuses = None
    await closing
    assert len(database.rows) == 1
    assert "ended" in (recorder.failure or "")


async def test_more_than_can_wait_is_refused_and_counted(
    recording: Recording, database: Database, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.records.recorder.WAITING_ROWS", 3)
    monkeypatch.setattr("gateway.records.recorder.WAITING_LABELS", 0)
    database.refuses = "gone"
    async with recording() as recorder:
        assert [recorder.record(noted(prediction())) for _ in range(5)] == [True, True, True, False, False]
        with pytest.raises(RecordsUnavailable):
            await recorder.label(label(prediction(), 4))
        database.refuses = None
    assert counted(metrics, "prediction", "dropped") == 2
    assert counted(metrics, "label", "dropped") == 1


async def test_an_alert_is_kept_once_keep_returns_however_often_the_database_fails(recording: Recording, database: Database) -> None:
    row = AlertRow("abc@noon", "InputDrift", "{}", "other pictures arrive", 1_000, None, "{}")
    async with recording() as recorder:
        database.refuses = "gone"
        keeping = asyncio.create_task(recorder.keep(row))
        await until(lambda: recorder.failure == "gone")
        assert not keeping.done()
        database.refuses = None
        await keeping
        assert database.alerts == [row]


async def test_settled_waits_for_what_was_recorded_before_it_and_no_more(recording: Recording, database: Database) -> None:
    async with recording() as recorder:
        database.gate.clear()
        recorder.record(noted(prediction()))
        settled = asyncio.create_task(recorder.settled())
        await asyncio.sleep(0)
        assert not settled.done()
        database.gate.set()
        await settled
    assert len(database.rows) == 1


async def test_retention_is_applied_a_chunk_a_turn_until_it_is_done(recording: Recording, database: Database, metrics: Metrics) -> None:
    async with recording():
        await until(lambda: len(database.tidied) == 3)
        await until(lambda: counted(metrics, "prediction", "deleted") == 6)
    assert database.tidied == [Retention(7, 2**30)] * 3


async def test_whoever_stops_waiting_for_a_label_breaks_nothing(recording: Recording, database: Database) -> None:
    async with recording() as recorder:
        database.gate.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await recorder.label(label(prediction(), 4))
        database.gate.set()
        assert (await recorder.label(label(prediction(), 5))).state is LabelState.STORED
    assert len(database.labels) == 2

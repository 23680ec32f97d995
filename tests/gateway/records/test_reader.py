"""An audit finds what it asks for, page by page and newest first, and reads without writing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.records.batch import Batch, PredictionRow
from gateway.records.database import database_url
from gateway.records.reader import Filters, Reader
from gateway.records.store import RecordsUnavailable, Store
from tests.gateway.records.conftest import Database
from tests.gateway.records.rows import NOON_MS, VERSION, label, prediction

pytestmark = pytest.mark.anyio

ROWS = [prediction(NOON_MS + 1_000 * number, digit=number % 10) for number in range(30)]


@pytest.fixture
def reader(database: Database, store: Store) -> Iterator[Reader]:
    labels = [label(row, row.digit if row.digit < 7 else 1) for row in ROWS[:20]]
    store.write(Batch(ROWS, [], labels))
    store.write(Batch(labels=[label(ROWS[7], 7, "audit")]))
    made = Reader(database_url(database.text))
    yield made
    made.close()


async def ids(reader: Reader, *, limit: int = 100, before: str | None = None, **filters: object) -> list[str]:
    return [row.id for row in await reader.page(Filters(**filters), before=before, limit=limit)]  # type: ignore[arg-type]


def of(rows: list[PredictionRow]) -> list[str]:
    return [row.id for row in reversed(rows)]


async def test_pages_follow_each_other_newest_first(reader: Reader) -> None:
    first = await ids(reader, limit=12)
    second = await ids(reader, limit=12, before=first[-1])
    third = await ids(reader, limit=12, before=second[-1])
    assert first + second + third == of(ROWS)


async def test_filters_narrow_by_time_digit_version_and_label(reader: Reader) -> None:
    assert await ids(reader, since_ms=NOON_MS + 5_000, until_ms=NOON_MS + 8_000) == of(ROWS[5:8])
    assert await ids(reader, digit=3) == of([ROWS[3], ROWS[13], ROWS[23]])
    assert await ids(reader, model_version=VERSION, digit=3, until_ms=NOON_MS + 5_000) == of([ROWS[3]])
    assert await ids(reader, model_version="000000000000") == []
    assert await ids(reader, label=1) == of([ROWS[1], ROWS[8], ROWS[9], ROWS[11], ROWS[17], ROWS[18], ROWS[19]])
    assert await ids(reader, label=1, digit=8) == of([ROWS[8], ROWS[18]])


async def test_disagreements_are_labels_that_are_not_the_answer_as_corrected(reader: Reader) -> None:
    assert await ids(reader, disagreements=True) == of([ROWS[8], ROWS[9], ROWS[17], ROWS[18], ROWS[19]])


async def test_one_prediction_comes_with_the_history_of_its_label(reader: Reader) -> None:
    found, changes = await reader.get(ROWS[7].id)
    assert found is not None
    assert PredictionRow(*[getattr(found, name) for name in PredictionRow._fields]) == ROWS[7]
    assert (found.label, found.label_source) == (7, "audit")
    assert [(change.previous, change.label, change.source) for change in changes] == [(None, 1, "feedback"), (1, 7, "audit")]


async def test_what_was_never_recorded_is_none(reader: Reader) -> None:
    assert await reader.get(prediction().id) == (None, [])


async def test_a_label_without_its_prediction_is_found(reader: Reader, store: Store) -> None:
    lonely = prediction(NOON_MS - 1_000)
    store.write(Batch(labels=[label(lonely, 9)]))
    [row] = await reader.page(Filters(label=9), before=None, limit=10)
    assert (row.id, row.label, row.digit) == (lonely.id, 9, None)


async def test_a_database_that_is_not_there_is_unavailable_and_is_not_made(tmp_path: Path) -> None:
    reader = Reader(database_url(f"sqlite:///{tmp_path / 'none.sqlite'}"))
    with pytest.raises(RecordsUnavailable):
        await reader.page(Filters(), before=None, limit=1)
    reader.close()
    assert list(tmp_path.iterdir()) == []

"""The export holds what a network can be trained on, and the model room reads it as it was written."""

import hashlib
from pathlib import Path

import pytest

from gateway.records.batch import Batch, PixelsRow, PredictionRow
from gateway.records.database import database_url
from gateway.records.labelled import FORMAT, export
from gateway.records.store import RecordsUnavailable, Store
from model.renewal import labelled
from model.renewal.labelled import Given, read_labelled
from tests.gateway.records.conftest import Database
from tests.gateway.records.rows import NOON_MS, label, prediction

PIXELS = bytes(range(196)) * 4
DIGEST = hashlib.sha256(PIXELS).digest()


def seen(number: int, digest: bytes = DIGEST) -> PredictionRow:
    return prediction(NOON_MS + number)._replace(digest=digest)


@pytest.fixture
def rows(store: Store) -> list[PredictionRow]:
    """One is right, one corrected by an auditor, one without pixels, one without a label."""
    made = [seen(0), seen(1), seen(2, bytes(32)), seen(3)]
    given = [label(row, digit)._replace(caller="hospital") for row, digit in zip(made[:3], (7, 4, 7), strict=True)]
    store.write(Batch(made, [PixelsRow(DIGEST, PIXELS, NOON_MS)], given))
    store.write(Batch(labels=[label(made[1], 9, "audit")._replace(at_ms=NOON_MS + 5_000)]))
    return made


def test_the_model_room_reads_what_was_labelled_and_may_be_kept(database: Database, rows: list[PredictionRow], tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl.gz"
    assert export(database_url(database.text), file) == {"rows": 2, "without_pixels": 1}
    right, corrected = read_labelled(file).records
    assert [right.id, corrected.id] == [row.id for row in rows[:2]]
    assert (right.pixels.tobytes(), right.predicted, right.model_version) == (PIXELS, 7, rows[0].model_version)
    assert right.answered_ms == NOON_MS
    assert right.labels == [Given(7, "feedback", "hospital", NOON_MS + 1_000)]
    assert corrected.labels == [Given(4, "feedback", "hospital", NOON_MS + 1_001), Given(9, "audit", None, NOON_MS + 5_000)]


def test_both_rooms_call_the_form_by_one_name() -> None:
    assert FORMAT == labelled.FORMAT


def test_only_what_was_labelled_lately_where_that_is_asked(database: Database, rows: list[PredictionRow], tmp_path: Path) -> None:
    assert export(database_url(database.text), tmp_path / "file", days=1) == {"rows": 0, "without_pixels": 0}
    assert list(read_labelled(tmp_path / "file").records) == []


def test_an_export_overwrites_nothing(database: Database, rows: list[PredictionRow], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("dear to somebody")
    with pytest.raises(RecordsUnavailable, match="is not overwritten"):
        export(database_url(database.text), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "dear to somebody"

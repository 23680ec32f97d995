"""What waits to be written is what was answered, and a row that would shift those behind it is not taken."""

from typing import Any

import pytest

from gateway.records.packed import FIELDS, LONGEST_US, unpacked
from gateway.records.tables import predictions
from tests.gateway.records.rows import prediction, waiting

ROW = prediction()._replace(digest=bytes(range(32)), confidence=0.987654321)


def test_rows_come_back_as_they_were_one_after_another() -> None:
    rows = [ROW, prediction(digit=0)._replace(confidence=1.0, accepted=False, cache="coalesced", latency_us=0)]
    assert list(unpacked(b"".join(map(waiting, rows)))) == rows
    assert list(unpacked(b"")) == []


def test_every_column_but_the_caller_is_packed() -> None:
    assert [*(field.column for field in FIELDS), "caller"] == predictions.columns.keys()


def test_a_latency_too_long_to_be_told_is_told_as_the_longest() -> None:
    [row] = unpacked(waiting(ROW._replace(latency_us=LONGEST_US * 50)))
    assert row.latency_us == LONGEST_US


@pytest.mark.parametrize(
    "change",
    [{"id": "short"}, {"model_version": "ab12cd34ef567"}, {"digest": b""}, {"digit": 10}, {"at_ms": 10**13}, {"cache": "elsewhere!"}],
)
def test_what_has_not_its_length_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a row of"):
        waiting(ROW._replace(**change))


@pytest.mark.parametrize("rows", [b"x", waiting(ROW)[:-1], waiting(ROW) + b"x"])
def test_what_is_no_packed_row_is_refused(rows: bytes) -> None:
    with pytest.raises(ValueError, match="no packed rows"):
        list(unpacked(rows))

"""A batch arrives over a wire as it was sent."""

import pytest

from gateway.records.batch import AlertRow, Batch
from tests.gateway.records.rows import change, kept, label, prediction, waiting


def test_a_batch_comes_back_from_the_wire_as_it_was() -> None:
    row = prediction(caller="hospital")
    batch = Batch([row, prediction(digit=3)], [kept()], [label(row, 4)], [waiting(prediction()), waiting(prediction())])
    batch.restored_labels.append(label(row, 5, "audit"))
    batch.restored_changes.append(change(label(row, 5, "audit"), 4))
    batch.alerts.append(AlertRow("abc@noon", "InputDrift", "{}", "other pictures arrive", 1_000, None, "{}"))
    again = Batch.from_wire(batch.to_wire())
    assert again == batch
    assert len(again) == 9


@pytest.mark.parametrize("wire", [b"", b"{}", b"[]", b'{"predictions": [1], "pixels": [], "labels": []}'])
def test_what_is_no_batch_is_refused(wire: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Batch.from_wire(wire)

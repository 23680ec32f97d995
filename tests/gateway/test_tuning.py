"""What was tuned is told as it was written; what cannot be read is as if nothing had been."""

import json
from pathlib import Path

import pytest

from gateway.tuning import FILE, Tuning

FOUND = Tuning(["GATEWAY_LARGEST_BATCH=16"], 200.0, "2026-01-02T03:04:05Z")


def test_what_was_found_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(vars(FOUND)))
    assert Tuning.read(tmp_path) == FOUND


def test_where_nothing_was_found_there_is_none(tmp_path: Path) -> None:
    assert Tuning.read(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b'{"lines": 1, "rate_per_second": 1, "measured_at": ""}', b'{"lines": [], "rate_per_second": "x"}'],
)
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert Tuning.read(tmp_path) is None

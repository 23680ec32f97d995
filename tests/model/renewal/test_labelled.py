"""An export is read as it was written, and one that is cut, altered or something else is refused in one line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from model.renewal.labelled import LabelledUnusable, read_labelled
from tests.model.renewal.records import export, picture, record, told, write


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    wanted = [record(picture(number), number % 10, caller="hospital", id=f"id{number}") for number in range(3)]
    found = read_labelled(export(tmp_path / "labelled.jsonl.gz", wanted))
    assert [(one.id, one.digest, one.stands, one.predicted) for one in found.records] == [
        (one.id, one.digest, one.stands, one.predicted) for one in wanted
    ]
    assert all((one.pixels == other.pixels).all() for one, other in zip(found.records, wanted, strict=True))
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": "00" * 784},
        {"pixels": "00"},
        {"labels": []},
        {"labels": [{"label": 10, "source": "feedback", "caller": None, "at_ms": 1}]},
        {"labels": [{"label": 1, "source": "rumour", "caller": None, "at_ms": 1}]},
        {"digest": None},
    ],
)
def test_a_row_that_is_none_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    write(tmp_path / "file", [told(record(picture(1), 1)) | change])
    with pytest.raises(LabelledUnusable, match="is no whole export"):
        read_labelled(tmp_path / "file")


@pytest.mark.parametrize("end", [{"rows": 2}, {"sha256": "0" * 64}])
def test_an_end_that_tells_of_other_rows_is_refused(tmp_path: Path, end: dict[str, object]) -> None:
    write(tmp_path / "file", [told(record(picture(1), 1))], **end)
    with pytest.raises(LabelledUnusable, match="its end does not tell of its rows"):
        read_labelled(tmp_path / "file")


def test_a_file_that_is_cut_or_none_is_refused(tmp_path: Path) -> None:
    whole = gzip.decompress(export(tmp_path / "file", [record(picture(1), 1)]).read_bytes())
    for content in (b"none", gzip.compress(whole[: whole.index(b"\n") + 1]), gzip.compress(whole + b"{}")):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(LabelledUnusable, match="file"):
            read_labelled(tmp_path / "file")
    with pytest.raises(LabelledUnusable, match="No such file"):
        read_labelled(tmp_path / "nowhere")


def test_the_file_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    one, other = (read_labelled(export(tmp_path / name, [record(picture(number), 1)])) for number, name in ((1, "a"), (2, "b")))
    assert one.sha256 != other.sha256
    assert not np.array_equal(one.records[0].pixels, other.records[0].pixels)

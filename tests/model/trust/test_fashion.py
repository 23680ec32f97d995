"""Fashion-MNIST is found wherever it was unpacked under a folder, and nothing else is taken for it."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from model.trust.fashion import FILE, FashionMissing, fashion_pictures

CLOTHES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
RAW = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in CLOTHES.shape) + CLOTHES.tobytes()


def test_it_is_found_packed_and_deep_in_the_folder(tmp_path: Path) -> None:
    deep = tmp_path / "usr" / "share" / "datasets"
    deep.mkdir(parents=True)
    (deep / f"{FILE}.gz").write_bytes(gzip.compress(RAW))
    assert np.array_equal(fashion_pictures(tmp_path, hashlib.sha256(RAW).hexdigest()), CLOTHES)


def test_it_is_found_unpacked(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(RAW)
    assert np.array_equal(fashion_pictures(tmp_path, hashlib.sha256(RAW).hexdigest()), CLOTHES)


def test_what_is_missing_is_told_how_to_get(tmp_path: Path) -> None:
    with pytest.raises(FashionMissing, match=r"apt-get download dataset-fashion-mnist && dpkg -x") as told:
        fashion_pictures(tmp_path / "nowhere")
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "content"), [(FILE, RAW), (f"{FILE}.gz", b"no gzip"), (f"{FILE}.gz", gzip.compress(RAW)[:-9])])
def test_another_file_of_its_name_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FashionMissing, match=r"is not Fashion-MNIST's|cannot be read"):
        fashion_pictures(tmp_path)

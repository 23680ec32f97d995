"""The version is what the archive holds and nothing else."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from model.export import HANDLER, SHARED, fingerprint
from tests.model.export.releases import RELEASE


def flip_last_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def test_a_fingerprint_is_twelve_hex_digits(released: Path, checkout: Path) -> None:
    version = fingerprint(released, checkout)
    assert len(version) == 12
    assert set(version) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", [HANDLER, "handler/model-config.yaml", *SHARED, "model/preprocess/__init__.py"])
def test_one_byte_of_source_makes_another_version(released: Path, checkout: Path, name: str) -> None:
    before = fingerprint(released, checkout)
    flip_last_byte(checkout / name)
    assert fingerprint(released, checkout) != before


def test_one_byte_of_weights_makes_another_version(released: Path, checkout: Path) -> None:
    before = fingerprint(released, checkout)
    flip_last_byte(released / "weights.pt")
    assert fingerprint(released, checkout) != before


@pytest.mark.parametrize(("fact", "value"), [("network", "article"), ("temperature", 1.26), ("accept_threshold", 0.51), ("model", "other")])
def test_a_serving_fact_makes_another_version(released: Path, checkout: Path, fact: str, value: object) -> None:
    before = fingerprint(released, checkout)
    (released / "release.json").write_text(json.dumps({**RELEASE, fact: value}))
    assert fingerprint(released, checkout) != before


def test_a_new_preprocessing_file_and_a_moved_line_between_files_make_another_version(released: Path, checkout: Path) -> None:
    before = fingerprint(released, checkout)
    (checkout / "model/preprocess/zz_first.py").write_text("one\n")
    (checkout / "model/preprocess/zz_second.py").write_text("two\n")
    apart = fingerprint(released, checkout)
    (checkout / "model/preprocess/zz_first.py").write_text("one\ntwo\n")
    (checkout / "model/preprocess/zz_second.py").write_text("")
    assert len({before, apart, fingerprint(released, checkout)}) == 3


def test_nothing_else_makes_another_version(released: Path, checkout: Path, tmp_path: Path) -> None:
    before = fingerprint(released, checkout)
    (released / "release.json").write_text(json.dumps({"remark": "frozen on a Sunday", **dict(reversed(RELEASE.items())), "seed": 2}))
    for file in checkout.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    (checkout / "model/train.py").write_text("")
    (checkout / "handler/config.properties").write_text("job_queue_size=1")
    cache = checkout / "model/preprocess/__pycache__"
    cache.mkdir()
    (cache / "place.cpython-311.pyc").write_bytes(b"compiled")
    elsewhere = Path(shutil.move(checkout, tmp_path / "another machine"))
    assert fingerprint(released, elsewhere) == before


def test_other_known_pictures_make_another_version(larger: Path, tmp_path: Path) -> None:
    shutil.copytree(larger, tmp_path / "other")
    with np.load(larger / "known.npz") as known:
        np.savez(tmp_path / "other" / "known.npz", pixels=known["pixels"][1:], labels=known["labels"][1:])
    assert fingerprint(tmp_path / "other") != fingerprint(larger)

"""`evaluate --data`: MNIST where it is MNIST, other digits where it is not, and one line where it is neither."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import model
from model.__main__ import main
from model.card import card_from
from model.committed import EVIDENCE, RELEASED
from model.data import DEFAULT_FOLDER, Digits
from model.evaluate import weights_digest
from model.others.commands import is_mnist

Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def known() -> Digits:
    torch.set_num_threads(1)
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


def complaint(capsys: Printed) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


def put_folder(folder: Path, known: Digits) -> Path:
    for place, (picture, label) in enumerate(zip(known.pixels, known.labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / str(label) / f"{place}.png"), 255 - np.kron(picture, np.ones((3, 3), np.uint8)))
    return folder


def put_csv(path: Path, known: Digits) -> Path:
    np.savetxt(path, np.column_stack([known.labels, known.pixels.reshape(len(known), -1)]), fmt="%d", delimiter=",")
    return path


def put_idx(folder: Path, known: Digits) -> Path:
    for kind, values in (("images-idx3", known.pixels), ("labels-idx1", known.labels)):
        sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
        (folder / f"test-{kind}-ubyte").write_bytes(bytes((0, 0, 8, values.ndim)) + sizes + values.tobytes())
    return folder / "test-images-idx3-ubyte"


def test_digits_of_a_folder_are_read_both_ways_and_the_card_says_so(known: Digits, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "model" / "evidence"
    out.mkdir(parents=True)
    shutil.copy(EVIDENCE / "evaluation.json", out)
    data = put_folder(tmp_path / "forms", known)
    assert main(["evaluate", "--data", str(data), "--name", "our-forms", "--out", str(out)]) == 0
    told = json.loads((out / "others-our-forms.json").read_text())
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("our-forms (a folder per digit, n = 100): through preprocessing 100.00 % [96.30 %, 100.00 %], raw ")
    assert second.startswith("accepted ")
    assert told["raw"]["accuracy"] < 0.6, "dark ink on white, raw"
    assert told["weights_sha256"] == weights_digest(RELEASED / "weights.pt")
    assert told["generated"]["command"].startswith("python -m model evaluate --data")
    assert told["generated"]["seconds"] > 0
    assert told["generated"]["machine"]["processor"]
    card = (tmp_path / "model" / "CARD.md").read_text()
    assert card == card_from(out)
    assert "| our-forms | 100 | 100.00 % [96.30 %, 100.00 %] |" in card


def test_canonical_pixels_are_read_alike_from_csv_and_idx_and_either_way(known: Digits, tmp_path: Path) -> None:
    for data in (put_csv(tmp_path / "digits.csv", known), put_idx(tmp_path, known)):
        assert main(["evaluate", "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    one, other = (json.loads((tmp_path / "out" / f"others-{name}.json").read_text()) for name in ("digits", "test-images-idx3-ubyte"))
    assert one["preprocessed"]["accuracy"] == one["raw"]["accuracy"] == 1
    assert one["pictures_sha256"] == other["pictures_sha256"]


def test_a_card_is_not_begun_with_other_digits(known: Digits, tmp_path: Path) -> None:
    assert main(["evaluate", "--data", str(put_csv(tmp_path / "d.csv", known)), "--out", str(tmp_path / "evidence")]) == 0
    assert not (tmp_path / "CARD.md").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere.csv"], "No such file or directory: 'nowhere.csv'"),
        (["--data", "README.md"], "README.md is none of a pair of IDX files"),
        (["--data", "model"], "model holds neither a folder per digit nor a pair of IDX files"),
        (["--data", "nowhere.csv", "--recipe", "article"], "--recipe reads MNIST's test set alone"),
        (["--data", "nowhere.csv", "--name", "../escaped"], "--name is '../escaped'"),
        (["--data", "README.md", "--released", "nowhere"], "release.json is missing"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: Printed) -> None:
    assert main(["evaluate", "--out", str(tmp_path), *arguments]) == 1
    assert said in complaint(capsys)
    assert list(tmp_path.iterdir()) == []


def test_mnist_is_put_where_nothing_is_and_never_over_other_files(known: Digits, tmp_path: Path) -> None:
    assert is_mnist(DEFAULT_FOLDER)
    assert is_mnist(tmp_path / "mnist")
    assert is_mnist(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte.partial").touch()
    assert is_mnist(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"Fashion-MNIST, by the same name")
    assert not is_mnist(tmp_path)
    assert not is_mnist(tmp_path / "usps.bz2")

"""No writer is on both sides of a split, and the committed files are what the rule gives."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from model import splitting
from model.data import SPLITS, validation_indices
from model.splitting import Writers, choose_validation, load_writers, read_qmnist_labels, write_splits


def test_no_writer_is_both_trained_on_and_validated_on() -> None:
    writer = load_writers("train").writer
    held_out = validation_indices()
    kept = np.setdiff1d(np.arange(len(writer)), held_out)
    assert not np.intersect1d(writer[held_out], writer[kept]).size


def test_no_test_writer_is_a_training_writer() -> None:
    assert not np.intersect1d(load_writers("train").writer, load_writers("test").writer).size


def test_the_committed_indices_are_what_the_rule_chooses() -> None:
    assert np.array_equal(validation_indices(), choose_validation(load_writers("train")))


def test_about_five_thousand_pictures_are_held_out_half_from_either_series() -> None:
    series = load_writers("train").series[validation_indices()]
    for which in (0, 4):
        assert splitting.PICTURES_PER_SERIES[0] <= (series == which).sum() <= splitting.PICTURES_PER_SERIES[1]
    assert len(series) == 5_027


@pytest.mark.parametrize(("which", "pictures", "writers"), [("train", 60_000, 539), ("test", 10_000, 297)])
def test_every_picture_has_its_writer(which: str, pictures: int, writers: int) -> None:
    known = load_writers(which)
    assert known.writer.shape == known.series.shape == (pictures,)
    assert len(np.unique(known.writer)) == writers


def test_choosing_takes_whole_writers_only() -> None:
    rng = np.random.default_rng(0)
    writer = np.repeat(np.arange(200), rng.integers(50, 150, 200)).astype(np.uint16)
    chosen = choose_validation(Writers(writer, np.where(writer < 100, 0, 4).astype(np.uint8)))
    assert np.array_equal(chosen, np.flatnonzero(np.isin(writer, writer[chosen])))


def write_qmnist(path: Path, known: Writers) -> None:
    """A label file as QMNIST's: class, series, writer and five more columns."""
    columns = np.zeros((len(known.writer), 8), np.int64)
    columns[:, 1], columns[:, 2] = known.series, known.writer
    with gzip.open(path, "wt", compresslevel=1) as out:
        np.savetxt(out, columns, fmt="%d", delimiter="\t")


def test_label_files_are_read_up_to_mnist_s_own_pictures(tmp_path: Path) -> None:
    write_qmnist(tmp_path / "labels.gz", Writers(np.array([7, 300, 9], np.uint16), np.array([0, 4, 1], np.uint8)))
    known = read_qmnist_labels(tmp_path / "labels.gz", pictures=2)
    assert known.writer.tolist() == [7, 300]
    assert known.series.tolist() == [0, 4]


def test_writing_the_splits_again_gives_the_committed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for which in ("train", "test"):
        write_qmnist(tmp_path / f"qmnist-{which}-labels.tsv.gz", load_writers(which))
    monkeypatch.setattr(splitting, "SPLITS", tmp_path)
    write_splits(tmp_path)
    assert (tmp_path / "validation.txt").read_bytes() == (SPLITS / "validation.txt").read_bytes()
    with np.load(tmp_path / "writers.npz") as written, np.load(SPLITS / "writers.npz") as committed:
        assert all(np.array_equal(written[name], committed[name]) for name in committed.files)

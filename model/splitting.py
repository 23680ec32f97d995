"""Who wrote which picture, and the validation split in which no training writer appears. Run again only to check the committed files.

Source: QMNIST (Yadav and Bottou 2019), whose label files name writer and form series (HSF) of every MNIST picture.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data import SPLITS, validation_indices

SERIES_COLUMN, WRITER_COLUMN = 1, 2
SPLIT_SEED = 0
PICTURES_PER_SERIES = (2_490, 2_520)
"""Writers are drawn until a series has at least the first; a writer who would pass the second is left out."""


@dataclass(frozen=True)
class Writers:
    """Per picture in MNIST's order: `writer` uint16[n]; `series` uint8[n], 0 for census staff, 4 for students."""

    writer: NDArray[np.uint16]
    series: NDArray[np.uint8]

    def __getitem__(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Writers":
        return Writers(self.writer[chosen], self.series[chosen])


def load_writers(which: str) -> Writers:
    """Writers of the `train` (60,000) or `test` (10,000) pictures, from the committed array."""
    with np.load(SPLITS / "writers.npz") as stored:
        return Writers(stored[f"{which}_writer"], stored[f"{which}_series"])


def validation_writers() -> Writers:
    """Writers of the validation pictures."""
    return load_writers("train")[validation_indices()]


def read_qmnist_labels(path: Path, pictures: int) -> Writers:
    """The first `pictures` rows of a `qmnist-*-labels.tsv.gz`, which are MNIST's own, in its order."""
    with gzip.open(path, "rt") as lines:
        table = np.loadtxt(lines, dtype=np.int64, max_rows=pictures)
    return Writers(table[:, WRITER_COLUMN].astype(np.uint16), table[:, SERIES_COLUMN].astype(np.uint8))


def choose_validation(train: Writers) -> NDArray[np.intp]:
    """Positions of about 5,000 training pictures of whole writers, half from either series, ascending."""
    rng = np.random.default_rng(SPLIT_SEED)
    at_least, at_most = PICTURES_PER_SERIES
    chosen: list[int] = []
    for series in (0, 4):
        pictures = 0
        for writer in rng.permutation(np.unique(train.writer[train.series == series])):
            written = int((train.writer == writer).sum())
            if pictures + written > at_most:
                continue
            chosen.append(int(writer))
            pictures += written
            if pictures >= at_least:
                break
    return np.flatnonzero(np.isin(train.writer, chosen))


def write_splits(qmnist_folder: Path) -> None:
    """Write `splits/validation.txt` and `splits/writers.npz` from QMNIST's label files."""
    train = read_qmnist_labels(qmnist_folder / "qmnist-train-labels.tsv.gz", 60_000)
    test = read_qmnist_labels(qmnist_folder / "qmnist-test-labels.tsv.gz", 10_000)
    np.savetxt(SPLITS / "validation.txt", choose_validation(train), fmt="%d")
    np.savez_compressed(
        SPLITS / "writers.npz",
        train_writer=train.writer,
        train_series=train.series,
        test_writer=test.writer,
        test_series=test.series,
    )

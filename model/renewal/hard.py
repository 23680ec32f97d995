"""The hard pictures: test pictures that nearest neighbours misread, which no network of ours had a part in choosing.

Pictures that the current network misreads would flatter whoever else reads them. `python -m model hard-pictures` finds these again.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.articles.deskew import deskewed
from model.articles.neighbours import Neighbours, voted
from model.data import Digits

FILE = Path(__file__).parent / "hard.txt"
NEIGHBOURS = 3
"""Few enough that near pictures alone are asked, and no number that was chosen by how it does here."""


def hard_pictures() -> NDArray[np.intp]:
    """Positions in the test set, ascending."""
    return np.loadtxt(FILE, dtype=np.intp)


def find_hard(training: Digits, test: Digits) -> NDArray[np.intp]:
    """Positions of the test pictures whose NEIGHBOURS nearest training pictures, all deskewed, vote for another digit than theirs."""
    known = Neighbours.of(_vectors(training), training.labels)
    return np.flatnonzero(voted(known.nearest(_vectors(test), NEIGHBOURS)) != test.labels)


def _vectors(digits: Digits) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = deskewed(digits.pixels).reshape(len(digits), -1).astype(np.float32) / np.float32(255)
    return vectors

"""Which pictures are held out in which fold: picture by picture, as scikit-learn's KFold shuffles them, or writer by writer."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]


def picture_folds(pictures: int, folds: int, seed: int) -> list[Places]:
    """Positions held out in each fold, ascending: bit for bit those of `KFold(folds, shuffle=True, random_state=seed)`.

    Raises ValueError unless 2 <= folds <= pictures.
    """
    _check(folds, pictures, "pictures")
    order = np.arange(pictures)
    np.random.RandomState(seed).shuffle(order)
    return [np.sort(held_out) for held_out in np.array_split(order, folds)]


def writer_folds(writer: NDArray[np.integer], folds: int, seed: int) -> list[Places]:
    """Positions held out in each fold, ascending, where `writer[n]` wrote each picture: as many writers in each, to within one.

    That is `GroupKFold(folds, shuffle=True, random_state=seed)` of scikit-learn. Raises ValueError for fewer writers than folds.
    """
    names = np.unique(writer)
    _check(folds, len(names), "writers")
    drawn = np.random.RandomState(seed).permutation(names)
    return [np.flatnonzero(np.isin(writer, held_out)) for held_out in np.array_split(drawn, folds)]


def _check(folds: int, available: int, what: str) -> None:
    if not 2 <= folds <= available:
        raise ValueError(f"{folds} folds cannot be made of {available} {what}")

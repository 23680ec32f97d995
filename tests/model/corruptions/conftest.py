"""Pictures that corruptions are tested on."""

from pathlib import Path

import numpy as np
import pytest

import model
from model.corruptions.levels import Pixels
from model.data import Digits


@pytest.fixture(scope="session")
def known() -> Digits:
    """The hundred known digits, ten of each."""
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


@pytest.fixture(scope="session")
def pixels(known: Digits) -> Pixels:
    return known.pixels


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)

"""What the tests of trust share: the released network, and the known digits, which stand for every kind of picture."""

import numpy as np
import pytest
import torch

from model.committed import HERE, RELEASED
from model.data import Digits
from model.inference import Classifier
from model.splitting import Writers

SHADES = 12


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier(RELEASED)


@pytest.fixture(scope="session")
def known() -> Digits:
    with np.load(HERE / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


@pytest.fixture(scope="session")
def pictures(known: Digits) -> tuple[Digits, Writers]:
    """Known digits in several shades, by twenty writers of two series: enough of them to promise anything by."""
    shades = np.concatenate([(known.pixels * np.float32(1 - 0.01 * shade)).astype(np.uint8) for shade in range(SHADES)])
    place = np.arange(len(shades))
    writers = Writers((place // 60).astype(np.uint16), np.where(place % 120 < 60, 0, 4).astype(np.uint8))
    return Digits(shades, np.tile(known.labels, SHADES)), writers

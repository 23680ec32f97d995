"""What tests of commands share: known digits in the place of MNIST."""

from pathlib import Path

import numpy as np
import pytest
import torch

import model
from model.commands import evaluating, training
from model.data import Digits


@pytest.fixture(scope="session")
def known() -> Digits:
    with np.load(Path(model.__file__).parent / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


@pytest.fixture
def _splits(monkeypatch: pytest.MonkeyPatch, known: Digits) -> None:
    """The known digits stand for training and validation pictures."""
    torch.set_num_threads(1)
    for commands in (training, evaluating):
        monkeypatch.setattr(commands, "training_split", lambda folder: (known, known[:20]))

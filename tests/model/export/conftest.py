"""What tests of the archive share: a release with random weights, and a checkout that may be spoilt."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from model.export import CHECKOUT
from model.network import build
from model.ranges import write_ranges
from tests.model.export.releases import RELEASE, copy_of_checkout


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("weights") / "weights.pt"
    torch.manual_seed(5)
    torch.save(build("residual-flat").state_dict(), file)
    return file


@pytest.fixture
def released(tmp_path: Path, weights: Path) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    shutil.copy(weights, folder)
    (folder / "release.json").write_text(json.dumps(RELEASE))
    shutil.copy(CHECKOUT / "model/released/reference.json", folder)
    write_ranges(folder, np.random.default_rng(3).integers(0, 256, (64, 28, 28), np.uint8))
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of everything that could ship, to be changed at will."""
    return copy_of_checkout(tmp_path / "checkout")

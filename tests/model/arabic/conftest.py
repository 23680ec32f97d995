from pathlib import Path

import pytest
import torch

from model.arabic.reading import Written, read_written
from tests.model.arabic.written import page_of, zipped


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def madbase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip file of four writers."""
    return zipped([entry for writer in range(4) for entry in page_of(writer)], tmp_path_factory.mktemp("madbase") / "test.zip")


@pytest.fixture(scope="session")
def written(madbase: Path) -> Written:
    return read_written(madbase)

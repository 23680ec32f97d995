"""Fixtures that every room's tests may use."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released network of another name, which takes pictures of 32 x 32."""
    from tests.larger import write_larger  # torch takes seconds to import, and most tests do without

    return write_larger(tmp_path_factory.mktemp("larger"))

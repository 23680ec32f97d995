"""Fixtures for several gateways behind one port."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.workers.parents import Parents


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents

"""Fixtures for several gateways behind one port."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.torchserve_double import TorchServeDouble
from tests.gateway.torchserve_server import torchserve_server
from tests.gateway.workers.parents import Parent, Parents
from tests.gateway.workers.serving import SERVE, started


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    with Parents(tmp_path) as parents:
        yield parents


@pytest.fixture
def double() -> TorchServeDouble:
    return TorchServeDouble()


@pytest.fixture
def torchserve_url(double: TorchServeDouble) -> Iterator[str]:
    with torchserve_server(double) as url:
        yield url


@pytest.fixture
def parent(parents: Parents, torchserve_url: str) -> Parent:
    """Both workers ready, on a TorchServe that is a double."""
    return started(parents, SERVE, torchserve_url, canary_seconds=0.2)

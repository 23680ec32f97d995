"""Fixtures for the embedded run: an archive of the released model, and runs as processes of their own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.embedded.runs import Runs

CHECKOUT = Path(__file__).resolve().parents[3]
PACK = "import sys; from pathlib import Path; from model.export import build_archive; build_archive(Path(sys.argv[1]), Path(sys.argv[2]))"


@pytest.fixture(autouse=True)
def _hangups_heard() -> Iterator[None]:
    """Whoever runs the tests under nohup has them ignored, by all that is started here too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released model's archive, packed once, in a folder whose name Java could misread."""
    store = tmp_path_factory.mktemp("größe 1")
    subprocess.run([sys.executable, "-c", PACK, "model/released", str(store)], cwd=CHECKOUT, check=True, timeout=100)
    return store / "digits.mar"


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Starts embedded runs whose gateway is the double; ends what is left of them."""
    with Runs(tmp_path / "state") as runs:
        yield runs

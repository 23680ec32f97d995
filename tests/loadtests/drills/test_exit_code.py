"""A drill's command says in one line what was not seen, and its folder stays only to be read."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.client import Refused
from loadtests.drills.exit_code import exit_code
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """What SIGTERM does to the process of the tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class Running:
    """A drill that writes a log and then ends so."""

    def __init__(self, ends: BaseException | None = None) -> None:
        self._ends = ends

    def __call__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "log").write_text("said")
        if self._ends is not None:
            raise self._ends


def test_where_all_was_seen_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    run = Running()
    assert exit_code(run) == 0
    assert re.fullmatch(r"\nall seen, in \d+ s\n", capsys.readouterr().out)
    assert not run.folder.exists()


@pytest.mark.parametrize(
    "error",
    [
        Failed("SlowMisses fired"),
        Refused("POST /v1/predict was answered 503"),
        ConnectionRefusedError("refused"),
        http.client.IncompleteRead(b""),
        subprocess.CalledProcessError(1, "gate"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_was_not_seen_is_one_line_that_names_the_logs(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = Running(error)
    assert exit_code(run) == 1
    assert capsys.readouterr().err == f"drill failed: {error}; what ran left its logs in {run.folder}\n"
    assert (run.folder / "log").read_text() == "said"


TOLD_TO_END = """
import os, signal
from pathlib import Path
from loadtests.drills.exit_code import exit_code

def run(folder):
    (folder / "log").write_text("said")
    os.kill(os.getpid(), signal.SIGTERM)

exit_code(run)
"""


def test_one_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    told = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TOLD_TO_END], cwd=CHECKOUT, env=told, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (143, b"")
    assert list(tmp_path.iterdir()) == []

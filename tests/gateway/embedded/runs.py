"""Embedded runs as processes of their own, with the gateway's double in the gateway's place."""

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from gateway.embedded.ports import free_ports
from tests.gateway.embedded.processes import wait_until

DOUBLE = Path(__file__).with_name("gateway_double.py")
NOWHERE = "http://127.0.0.1:1"
"""A URL that stands for a TorchServe of the user's."""
PROGRAM = """
import sys
from pathlib import Path
from gateway.embedded import Embedding, run
port, torchserve_url, state_dir, archive, double, manner = sys.argv[1:]
embedding = Embedding("127.0.0.1", int(port), None, torchserve_url or None, None, Path(state_dir), Path(archive), Path("known/7.png"))
sys.exit(run(embedding, (sys.executable, double, manner)))
"""


@dataclass
class Run:
    """One embedded run."""

    process: subprocess.Popen[str]
    url: str
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str, seconds: float = 60) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None, seconds)
        assert words in self.said, self.said

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}", trust_env=False).json()

    def descendants(self) -> list[int]:
        return [process.pid for process in psutil.Process(self.process.pid).children(recursive=True)]

    def descendant(self, word: str) -> int:
        """The one child of a leash that has this word in its command."""
        (found,) = [
            process.pid
            for leash in psutil.Process(self.process.pid).children()
            for process in leash.children()
            if any(word in part for part in process.cmdline())
        ]
        return int(found)


class Runs:
    """Starts runs that share a state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._all: list[Run] = []

    def start(self, manner: str, archive: Path | None = None) -> Run:
        """A run without a TorchServe of its own where no archive is given."""
        (port,) = free_ports(1)
        output = self.state_dir.with_name(f"output-{len(self._all)}")
        torchserve_url = NOWHERE if archive is None else ""
        arguments = [str(port), torchserve_url, str(self.state_dir), str(archive), str(DOUBLE), manner]
        with output.open("w") as out:
            process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=out, stderr=subprocess.STDOUT, text=True)
        self._all.append(Run(process, f"http://127.0.0.1:{port}", output))
        return self._all[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for run in self._all:
            with contextlib.suppress(psutil.NoSuchProcess):
                run.process.terminate()
            run.process.wait(timeout=20)

"""Parents of workers as processes of their own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.gateway.embedded.processes import wait_until
from tests.ports import free_port

CHECKOUT = Path(__file__).resolve().parents[3]
OF_DOUBLES = """
import sys
from gateway.settings import read_settings
from gateway.workers.parent import serve_together
sys.exit(serve_together(read_settings(), (sys.executable, "-m", "tests.gateway.workers.worker_double", *sys.argv[1:])))
"""


@dataclass
class Parent:
    """One parent, whatever it is the parent of."""

    process: subprocess.Popen[str]
    port: int
    state_dir: Path
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, words: str, seconds: float = 30) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None, seconds)
        assert words in self.said, self.said

    def descendants(self) -> list[int]:
        return [process.pid for process in psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> dict[int, int]:
        """Process ids of the workers that run now, by place."""
        found: dict[int, int] = {}
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                command = process.cmdline()
                if "leash.py" not in " ".join(command) and command[1:3] == ["-m", "gateway.workers.worker"]:
                    found[int(command[-1])] = process.pid
        return found

    def folder(self) -> Path:
        """What its workers share."""
        [folder] = (self.state_dir / "run").glob("workers-*")
        return folder


class Parents:
    """Starts parents; ends what is left of them."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self._all: list[Parent] = []

    def start(self, command: Sequence[str], **settings: object) -> Parent:
        """`settings` are those of the gateway, two workers where they say nothing else."""
        state_dir, output = self.tmp_path / "state", self.tmp_path / f"output-{len(self._all)}"
        given = {"host": "127.0.0.1", "port": free_port(), "workers": 2, "state_dir": state_dir, **settings}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        environment |= {f"GATEWAY_{name.upper()}": str(value) for name, value in given.items()}
        with output.open("w") as out:
            process = subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )
        self._all.append(Parent(process, int(environment["GATEWAY_PORT"]), state_dir, output))
        return self._all[-1]

    def of_doubles(self, manner: str, **settings: object) -> Parent:
        """Its workers are doubles."""
        return self.start([sys.executable, "-c", OF_DOUBLES, manner, str(self.tmp_path)], **settings)

    def noted(self, place: int) -> int | None:
        """The process id of the double in this place, once it listens."""
        with contextlib.suppress(FileNotFoundError):
            return int((self.tmp_path / f"worker-{place}").read_text())
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        for parent in self._all:
            parent.process.terminate()
            parent.process.wait(timeout=20)

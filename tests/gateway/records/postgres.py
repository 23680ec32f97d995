"""A PostgreSQL of our own in a temporary folder, for the tests that need a real one; it can be stopped as in a crash and started again."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg

from tests.ports import free_port

DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 30.0
USER = "postgres"


@dataclass
class PostgresServer:
    """Listens on loopback alone and trusts whoever comes."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)
    _names: Iterator[int] = field(default_factory=count)
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Ready when this returns."""
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-F"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "log_min_messages=panic"]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, user=_owner())
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def crash(self) -> None:
        """Every session is cut off, and nothing is tidied up."""
        self._stop(signal.SIGQUIT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the block runs none of its processes does; the system goes on taking what is sent to them."""
        processes = self._processes()
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def kill(self) -> None:
        """All of its processes at once, before any of them knows."""
        assert self._process is not None
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(START_SECONDS)
        deadline = time.monotonic() + START_SECONDS
        while not all(map(_is_gone, processes)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self) -> None:
        self._stop(signal.SIGINT)

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def new_database(self, encoding: str = "UTF8") -> str:
        """The URL of an empty one."""
        name = f"records_{next(self._names)}"
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
        return self.url(name)

    def execute(self, name: str, statement: str) -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _processes(self) -> list[psutil.Process]:
        """The one that starts all others comes first."""
        assert self._process is not None
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    def _stop(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(START_SECONDS)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    programs = _programs()
    assert programs, "this test needs PostgreSQL: apt-get install --no-install-recommends postgresql"
    with tempfile.TemporaryDirectory(prefix="digitserve-postgres-") as name:  # in a folder that the server's user can reach
        folder = Path(name)
        if _owner() is not None:
            shutil.chown(folder, USER)
        command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=_owner())
        server = PostgresServer(programs, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL here; Debian does not put it on PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [path.parent for path in DEBIAN.glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def _is_gone(process: psutil.Process) -> bool:
    """Also where nobody asks how it ended."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _owner() -> int | None:
    """PostgreSQL refuses to be root's; None: we are somebody else already."""
    return pwd.getpwnam(USER).pw_uid if os.geteuid() == 0 else None

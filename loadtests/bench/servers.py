"""Everything that is measured, side by side on this machine: this stack, its rivals, and the ceilings. Who is not asked is idle."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from loadtests.bench import torchserve
from loadtests.bench.apart import APART, ENVIRONMENTS, Apart
from loadtests.bench.closed_loop import go_round
from loadtests.bench.formats import JSON, RAW, Format
from loadtests.bench.fresh import Upload
from loadtests.bench.rivals.environment import HOST, NETWORK, PORT
from loadtests.bench.torchserve import BATCHED, BATCHED_ALONE, DEFAULT, Batching
from loadtests.bench.wire import Ask, post
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed, halt, program, resume
from loadtests.stack import LOOPBACK, Stack, clean_environment, free_port, running_stack

OURS = "digitserve"
OURS_FROM_REDIS = "digitserve, from Redis"
OURS_TWICE = "digitserve, two processes"
OURS_UNCACHED = "digitserve, no caches"
OURS_TWO_WORKERS = "digitserve, two workers"
TORCHSERVE = "TorchServe"
TORCHSERVE_BATCHED = "TorchServe, batching"
TORCHSERVE_ALONE = "TorchServe, batching, one worker"
IN_PROCESS = "FastAPI with the network"
LITSERVE = "LitServe"
BARE_ASGI = "bare ASGI function"
BARE_ROUTE = "bare FastAPI route"

SAMPLE = Upload((CHECKOUT / "model" / "known" / "7.png").read_bytes(), 7)
SETTLES_SECONDS = 0.5
"""What was halted is as fast as if it had not been after that long."""

LITSERVE_FOLDER = ENVIRONMENTS
"""It needs nothing that conflicts, and so no environment of its own."""
OF_LITSERVE = {"PYTHONPATH": str(LITSERVE_FOLDER)}


@dataclass(frozen=True)
class Server:
    """One that answers."""

    name: str
    url: str
    path: str
    pids: tuple[int, ...] = ()
    """Its programs; what these have started counts too."""
    format: Format = RAW
    always_says: int | None = None
    """None: the digit in the picture."""
    restless: bool = False
    """It uses the processor even when nobody asks, and so is halted then."""

    def ask(self, upload: Upload, *headers: str) -> Ask:
        """The whole request, and what its answer must hold."""
        expects = self.format.digits[upload.digit if self.always_says is None else self.always_says]
        return post(self.url, self.path, self.format.body(upload.png), self.format.media_type, *headers), expects

    @contextmanager
    def awake(self) -> Iterator[None]:
        """It can be asked meanwhile."""
        if not self.restless:
            yield
            return
        for pid in self.pids:
            resume(pid)
        time.sleep(SETTLES_SECONDS)
        try:
            yield
        finally:
            for pid in self.pids:
                halt(pid)

    def answers(self) -> bool:
        """Whether it reads a known digit now."""
        with suppress(OSError, Failed):
            return go_round(self.url, [self.ask(SAMPLE)], connections=1, seconds=5).answers == 1
        return False


@contextmanager
def running(names: Sequence[str], folder: Path) -> Iterator[dict[str, Server]]:
    """Those of these names, all up. Raises Failed, OSError, CalledProcessError."""
    if LITSERVE in names and not (LITSERVE_FOLDER / "litserve").is_dir():
        raise Failed("LitServe, one of the rivals, is not installed; `make bench-rivals` installs it, for the benchmark alone")
    starts = RIVALS | {name: partial(_apart, rival=rival, python=rival.python()) for name, rival in APART.items() if name in names}
    network = folder / "network.pt"
    export = [sys.executable, "-m", "model", "torchscript", "--out", str(network)]
    subprocess.run(export, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    with ExitStack() as up:
        servers = {name: up.enter_context(starts[name](name, _made(folder / name), network)) for name in names if name in starts}
        if OURS in names or set(SECOND_GATEWAYS) & set(names):
            stack = up.enter_context(running_stack(_made(folder / "stack")))
            servers[OURS] = Server(OURS, stack.url, "/v1/predict", (stack.process.pid,))
            for name in SECOND_GATEWAYS:
                if name in names:
                    servers[name] = up.enter_context(_beside(stack, name, _made(folder / name)))
        for name, settings in SECOND_STACKS.items():
            if name in names:
                stack = up.enter_context(running_stack(_made(folder / name), CHECKOUT, **settings))
                servers[name] = Server(name, stack.url, "/v1/predict", (stack.process.pid,))
        yield servers


@contextmanager
def _beside(stack: Stack, name: str, folder: Path) -> Iterator[Server]:
    """A second gateway on the same children. Its programs are its own and the stack's."""
    port = free_port()
    environment = stack.beside(port, _made(folder / "state")) | SECOND_GATEWAYS[name]
    server = Server(name, f"http://{LOOPBACK}:{port}", "/v1/predict")
    with program([sys.executable, "-m", "gateway", "serve"], folder / "log", environment, is_up=server.answers) as process:
        yield replace(server, pids=(process.pid, stack.process.pid))


@contextmanager
def _torchserve(name: str, folder: Path, network: Path, *, batching: Batching) -> Iterator[Server]:
    planned = torchserve.prepare(folder, network, batching)
    server = Server(name, planned.url, planned.path)
    with program(planned.command, folder / "log", planned.environment, is_up=server.answers) as process:
        yield replace(server, pids=(process.pid,))


@contextmanager
def _script(
    name: str,
    folder: Path,
    network: Path,
    *,
    module: str,
    like: Server,
    python: str = sys.executable,
    settings: Mapping[str, str] = OF_LITSERVE,
) -> Iterator[Server]:
    port = free_port()
    environment = clean_environment() | {PORT: str(port), NETWORK: str(network)} | dict(settings)
    server = replace(like, name=name, url=f"http://{HOST}:{port}")
    command = [python, "-m", f"loadtests.bench.rivals.{module}"]
    with program(command, folder / "log", environment, is_up=server.answers) as process:
        started = replace(server, pids=(process.pid,))
        with started.awake():
            pass
        yield started


def _apart(name: str, folder: Path, network: Path, *, rival: Apart, python: Path) -> AbstractContextManager[Server]:
    like = Server("", "", rival.path, format=rival.format, restless=rival.restless)
    settings = {"PYTHONPATH": str(CHECKOUT), **rival.settings}
    return _script(name, folder, network, module=rival.module, like=like, python=str(python), settings=settings)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


SECOND_GATEWAYS = {
    OURS_FROM_REDIS: {"GATEWAY_LOCAL_CACHE_BYTES": "0"},
    OURS_TWICE: {"GATEWAY_WORKERS": "2"},
    OURS_UNCACHED: {"GATEWAY_LOCAL_CACHE_BYTES": "0", "GATEWAY_REDIS_URL": ""},
}
"""Gateways beside the stack's own, by what is set for them."""

SECOND_STACKS = {OURS_TWO_WORKERS: {"GATEWAY_TORCHSERVE_WORKERS": "2"}}
"""Whole stacks beside the first, for what is set where TorchServe starts."""

ALL_OURS = (OURS, *SECOND_GATEWAYS, *SECOND_STACKS)

Start = Callable[[str, Path, Path], AbstractContextManager[Server]]
"""By name, with a folder and the network."""

PREDICT = Server("", "", "/predict")
RIVALS: dict[str, Start] = {
    TORCHSERVE: partial(_torchserve, batching=DEFAULT),
    TORCHSERVE_BATCHED: partial(_torchserve, batching=BATCHED),
    TORCHSERVE_ALONE: partial(_torchserve, batching=BATCHED_ALONE),
    IN_PROCESS: partial(_script, module="in_process", like=PREDICT),
    LITSERVE: partial(_script, module="lit", like=replace(PREDICT, format=JSON, restless=True)),
    BARE_ASGI: partial(_script, module="bare_asgi", like=replace(PREDICT, always_says=7)),
    BARE_ROUTE: partial(_script, module="bare_route", like=replace(PREDICT, always_says=7)),
}

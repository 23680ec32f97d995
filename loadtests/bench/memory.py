"""Memory over a million requests, new pictures and repeats of recent ones, to a stack that nobody else asks; each process is weighed."""

import math
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import psutil

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Fresh, Upload, fresh_pictures
from loadtests.bench.measured import Measured
from loadtests.bench.runs import Cell, Memory, Run
from loadtests.bench.servers import OURS, running
from loadtests.bench.workloads import MEMORY, ONE_NEW_IN, Round
from loadtests.programs import Failed, tree

CONNECTIONS = 32
SAMPLES = 100
TOLD_EVERY = 10
"""Samples."""

RECENT = 1_000

GATEWAY, JVM, WORKER = "gateway", "JVM", "worker"
PROCESSES = {
    GATEWAY: re.compile(r"python\S* -m gateway serve\b"),
    JVM: re.compile(r"java "),
    WORKER: re.compile(r"python\S* \S*/model_service_worker\.py "),
}
"""How the command line of each begins."""


class Mixture:
    """One new picture in five; the others come again, each out of the thousand that were new last. Made as they are asked for."""

    def __init__(self, fresh: Fresh, seed: int = 0) -> None:
        self._fresh = fresh
        self._recent: deque[Upload] = deque(maxlen=RECENT)
        self._random = random.Random(seed)

    def take(self, count: int) -> list[Upload]:
        """The next ones, the first of them new."""
        new = iter(self._fresh.take(math.ceil(count / ONE_NEW_IN)))
        uploads = []
        for number in range(count):
            if number % ONE_NEW_IN == 0:
                self._recent.append(next(new))
                uploads.append(self._recent[-1])
            else:
                uploads.append(self._random.choice(self._recent))
        return uploads


def run(folder: Path, requests: int, tell: Callable[[str], None]) -> Run:
    """On a stack of its own, in this folder. Raises Failed, Refused, OSError, CalledProcessError."""
    with running([OURS], folder) as servers:
        fresh = fresh_pictures(servers[OURS].url)
        return watched(Round(0, servers, fresh, seconds=math.inf), requests, tell)


def watched(this: Round, requests: int, tell: Callable[[str], None]) -> Run:
    """The load in as many parts as there are samples, one before it all. Raises Failed, also where a process did not live through it."""
    server = this.servers[OURS]
    processes = found(server.pids[0])
    seen = [weighed(processes)]
    mixture = Mixture(this.fresh)

    def load() -> Measured:
        whole = Measured()
        for number in range(1, SAMPLES + 1):
            asks = [server.ask(upload) for upload in mixture.take(requests // SAMPLES)]
            whole.add(go_round(server.url, asks, connections=CONNECTIONS, seconds=math.inf))
            seen.append(weighed(processes))
            if number % TOLD_EVERY == 0:
                tell(f"{whole.answers:,} answers: {', '.join(f'{name} {mb:.0f} MB' for name, mb in seen[-1].items())}")
        return whole

    run = this.measure(Cell(MEMORY, CONNECTIONS, OURS), load)
    return replace(run, memory={name: Memory.of([sample[name] for sample in seen]) for name in PROCESSES})


def found(parent: int) -> dict[str, psutil.Process]:
    """Those of PROCESSES that this process has started. Raises Failed where any is not there, or there are several."""
    processes = {name: [process for process in tree(parent) if begins(process, pattern)] for name, pattern in PROCESSES.items()}
    for name, those in processes.items():
        if len(those) != 1:
            raise Failed(f"there are {len(those)} processes that look like the {name}")
    return {name: those[0] for name, those in processes.items()}


def begins(process: psutil.Process, pattern: re.Pattern[str]) -> bool:
    """Whether its command line does so, folders of the program left out."""
    try:
        program, *arguments = process.cmdline()
    except (psutil.NoSuchProcess, ValueError):  # it has ended
        return False
    return pattern.match(" ".join((Path(program).name, *arguments))) is not None


def weighed(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    """Resident memory of each in 2 ** 20 bytes. Raises Failed where one has ended: another in its place would weigh less."""
    weights = {}
    for name, process in processes.items():
        try:
            weights[name] = process.memory_info().rss / 2**20
        except psutil.NoSuchProcess as error:
            raise Failed(f"void: the {name} has ended") from error
    return weights

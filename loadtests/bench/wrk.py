"""Pictures that come again, asked for by wrk, a load generator in C: whether a ratio of two servers is theirs, or our own load's."""

import json
import math
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Upload
from loadtests.bench.runs import Cell, Run
from loadtests.bench.servers import BARE_ASGI, BARE_ROUTE, OURS, OURS_FROM_REDIS, OURS_TWICE, SAMPLE, Server
from loadtests.bench.workloads import POOL, WRK, WRK_REDIS, Round
from loadtests.programs import Failed

INSTALL = "apt-get install --no-install-recommends wrk"
SCRIPT = Path(__file__).with_suffix(".lua")
CONNECTIONS = 32
ASKED = {WRK: (OURS, OURS_TWICE, BARE_ROUTE, BARE_ASGI), WRK_REDIS: (OURS_FROM_REDIS, BARE_ROUTE)}
"""By workload."""


@dataclass(frozen=True)
class Told:
    """What wrk says of a load."""

    answers: int
    seconds: float
    by_percent: dict[float, float]
    """Latencies in milliseconds."""
    generator_seconds: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds

    @property
    def generator_share(self) -> float:
        return self.generator_seconds / self.seconds

    def milliseconds(self, percent: float) -> float:
        """Of 50, 95 and 99."""
        return self.by_percent[percent]


def found() -> str:
    """The program. Raises Failed."""
    if (on_path := shutil.which("wrk")) is None:
        raise Failed(f"wrk is not on PATH; `{INSTALL}` installs it")
    return on_path


def runs(this: Round, program: str) -> Iterator[Run]:
    """All of a round, which is first alternating. Raises Failed, CalledProcessError."""
    for workload, names in ASKED.items():
        uploads = [SAMPLE] if workload == WRK else this.fresh.take(POOL)
        for name in names if this.number % 2 == 0 else reversed(names):
            server = this.servers[name]
            go_round(server.url, map(server.ask, uploads), connections=8, seconds=60)
            yield this.measure(Cell(workload, CONNECTIONS, name), partial(loaded, program, server, uploads, this.seconds))


def loaded(program: str, server: Server, uploads: Sequence[Upload], seconds: float) -> Told:
    """For whole seconds, each in its turn.

    Raises Failed where a request had no answer or another status, or an answer after all is wrong.
    """
    command = [program, "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{math.ceil(seconds)}s"]
    used = _processor_seconds()
    with tempfile.TemporaryDirectory(prefix="digitserve-bench-") as folder:
        pictures = [Path(folder, f"{number}.png") for number in range(len(uploads))]
        for picture, upload in zip(pictures, uploads, strict=True):
            picture.write_bytes(upload.png)
        asking = [*command, "--script", str(SCRIPT), server.url + server.path, "--", *map(str, pictures)]
        ended = subprocess.run(asking, check=True, stdout=subprocess.PIPE, text=True)
    told = told_in(ended.stdout, _processor_seconds() - used)
    if not server.answers():
        raise Failed(f"{server.name} reads no digit any more")
    return told


def told_in(output: str, generator_seconds: float) -> Told:
    """Of the last line. Raises Failed where not every request was answered, and well."""
    said = json.loads(output.splitlines()[-1])
    if said["unanswered"] or said["refused"]:
        raise Failed(f"wrk had no answer {said['unanswered']} times, and {said['refused']} times one that is an error")
    latencies: dict[float, float] = {percent: said[f"p{percent}"] / 1e3 for percent in (50, 95, 99)}
    return Told(said["answers"], said["microseconds"] / 1e6, latencies, generator_seconds)


def _processor_seconds() -> float:
    """Of programs that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

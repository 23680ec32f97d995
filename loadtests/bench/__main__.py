"""This stack against what users would pick instead, and against what no such server can pass, in one run on one machine.

All servers run side by side, and idle while another is measured. Each round measures each of them once under each workload; ratios are
taken within a round, then their median over rounds. Every answer is checked for its digit.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from loadtests.bench import memory
from loadtests.bench.apart import BY_OPTION
from loadtests.bench.closed_loop import go_round
from loadtests.bench.figure import draw
from loadtests.bench.fresh import Fresh, fresh_pictures
from loadtests.bench.plan import BY_DEFAULT, DISTINCT_PICTURES, MEMORY, WORKLOADS, Part, asked, file_stem, parts
from loadtests.bench.report import as_json, as_markdown, this_machine
from loadtests.bench.runs import Run
from loadtests.bench.servers import OURS, Server, running
from loadtests.bench.targets import A_MILLION, verdicts
from loadtests.bench.workloads import Round
from loadtests.client import Refused
from loadtests.command import end_on, say
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed

OUT = CHECKOUT / "var" / "bench"
WARM_UP_CONNECTIONS = 32


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    rounds: int
    seconds: float
    """Of each measurement."""
    warm_up_seconds: float
    """Of each server, at first. Java compiles what is hot during its first ten seconds of load."""
    memory_requests: int


USUAL = Form(rounds=5, seconds=5.0, warm_up_seconds=10.0, memory_requests=A_MILLION)
QUICK = Form(rounds=2, seconds=2.0, warm_up_seconds=0.5, memory_requests=20_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with a line on standard error where nothing could be measured, or what was measured is void."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, help=f"how often each server is measured (default {USUAL.rounds})")
    parser.add_argument("--seconds", type=float, help=f"of each measurement (default {USUAL.seconds:g})")
    parser.add_argument(
        "--only", nargs="+", choices=WORKLOADS, default=list(BY_DEFAULT), metavar="WORKLOAD",
        help=f"of {', '.join(WORKLOADS)} (default {', '.join(BY_DEFAULT)}); results are named after those asked for",
    )  # fmt: skip
    parser.add_argument(
        "--also", nargs="+", choices=BY_OPTION, default=[], metavar="RIVAL",
        help=f"with distinct pictures measure these too, of {', '.join(BY_OPTION)}; `make bench-RIVAL` installs one",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.rounds} rounds of {QUICK.seconds:g} s: whether it works, no figures")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where results go (default var/bench)")
    options = parser.parse_args(arguments)
    also = [name for option, name in BY_OPTION.items() if option in options.also]
    if also and DISTINCT_PICTURES not in options.only:
        parser.error(f"--also is about the workload {DISTINCT_PICTURES}, which --only leaves out")
    usual = QUICK if options.quick else USUAL
    form = replace(usual, rounds=options.rounds or usual.rounds, seconds=options.seconds or usual.seconds)
    end_on(signal.SIGTERM)
    try:
        runs = measured(form, set(options.only), also)
    except (Failed, Refused, OSError, subprocess.CalledProcessError) as error:
        print(f"nothing measured: {error}", file=sys.stderr)
        return 1
    leave_behind(options.out, file_stem(options.only, also, quick=options.quick), form, runs)
    print("\n".join(verdicts(runs)))
    return 0


def measured(form: Form, workloads: Set[str], also: Collection[str] = ()) -> list[Run]:
    """Raises Failed, Refused, OSError, CalledProcessError."""
    runs, measuring = [], parts(workloads, also)
    for run in chain(alone(form, workloads & {MEMORY}), side_by_side(form, workloads - {MEMORY}, also, measuring)):
        say(line(run))
        runs.append(run)
    return runs


def alone(form: Form, workloads: Set[str]) -> Iterator[Run]:
    """What nobody may run beside: a stack's memory. Raises as `measured`."""
    if workloads:
        say("starting a stack, to be weighed")
        with tempfile.TemporaryDirectory(prefix="digitserve-bench-") as folder:
            yield memory.run(Path(folder), form.memory_requests, say)


def side_by_side(form: Form, workloads: Set[str], also: Collection[str], measuring: Sequence[Part]) -> Iterator[Run]:
    """Of each round all parts. Raises as `measured`."""
    if not workloads:
        return
    say("starting the servers")
    with tempfile.TemporaryDirectory(prefix="digitserve-bench-") as folder, running(asked(workloads, also), Path(folder)) as servers:
        fresh = fresh_pictures(servers[OURS].url)
        warm_up(servers, fresh, form.warm_up_seconds)
        for number in range(form.rounds):
            for part in measuring:
                yield from part(Round(number, servers, fresh, form.seconds))


def warm_up(servers: dict[str, Server], fresh: Fresh, seconds: float) -> None:
    """Each under load once before anything counts. Raises Failed."""
    say(f"warming up {', '.join(servers)}")
    for server in servers.values():
        asks = [server.ask(upload) for upload in fresh.take(int(seconds * 4_000))]
        with server.awake():
            go_round(server.url, asks, connections=WARM_UP_CONNECTIONS, seconds=seconds)


def leave_behind(folder: Path, stem: str, form: Form, runs: Sequence[Run]) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = this_machine()
    (folder / f"{stem}.json").write_text(as_json(machine, form.seconds, runs))
    (folder / f"{stem}.md").write_text(as_markdown(machine, form.seconds, runs))
    draw(runs, folder / f"{stem}.png")
    say(f"written: {stem}.json, {stem}.md and, where there is something to draw, {stem}.png in {folder}")


def line(run: Run) -> str:
    over = "" if run.cell.connections is None else f", {run.cell.connections}"
    return (
        f"round {run.round + 1}  {run.cell.workload + over:42} {run.cell.server:24} {run.per_second:8.0f}/s"
        f"  p50 {run.p50_ms:6.1f}  p99 {run.p99_ms:6.1f} ms  {run.processor_us:6.0f} us each  {run.resident_mb:5.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())

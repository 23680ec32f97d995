"""What can be asked for by name, what that measures and on which servers, and what its results are called."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from operator import methodcaller

from loadtests.bench import batches, hit_rates, large, network, wrk
from loadtests.bench.apart import APART
from loadtests.bench.runs import Run
from loadtests.bench.servers import OURS, OURS_UNCACHED
from loadtests.bench.workloads import AHEAD, CASES, DISTINCT, OVER_CONNECTIONS, OVER_WORKERS, REDIS, REPEATED, ZIPF, Case, Round

DISTINCT_PICTURES = "distinct"
HIT_RATES, PHOTOGRAPHS, BATCHES, NETWORK, MEMORY = "hit-rates", "photographs", "batches", "network", "memory"
CONNECTIONS, WORKERS, WRK = "connections", "workers", "wrk"
CLOSED_LOOPS = {DISTINCT_PICTURES: DISTINCT, "repeated": REPEATED, "ahead": AHEAD, "redis": REDIS, "zipf": ZIPF}
BY_DEFAULT = (*CLOSED_LOOPS, HIT_RATES, PHOTOGRAPHS, BATCHES, NETWORK, MEMORY)
WORKLOADS = (*BY_DEFAULT, CONNECTIONS, WORKERS, WRK)
"""Over connections, processes and workers it takes some minutes more, and wrk is not everywhere: they are measured where asked for."""

Part = Callable[[Round], Iterator[Run]]


def file_stem(workloads: Collection[str], also: Collection[str] = (), *, quick: bool = False) -> str:
    """Of the files: `bench` where everything usual was measured in earnest, so that nothing less takes the place of that."""
    named = [] if set(workloads) == set(BY_DEFAULT) else [each for each in WORKLOADS if each in workloads]
    besides = ["also", *(rival.option for name, rival in APART.items() if name in also)] if also else []
    return "-".join(("bench", *(["quick"] if quick else []), *named, *besides))


def cases(workloads: Collection[str], also: Collection[str] = ()) -> list[Case]:
    """Closed loops, no server twice under one of them; the usual ones of distinct pictures with these servers besides."""
    loops = {loop for name, loop in CLOSED_LOOPS.items() if name in workloads}
    found: dict[tuple[str, int], dict[str, None]] = {}
    for case in (
        *(with_others(case, also) for case in CASES if case.workload in loops),
        *(OVER_CONNECTIONS if CONNECTIONS in workloads else ()),
        *(OVER_WORKERS if WORKERS in workloads else ()),
    ):
        found.setdefault((case.workload, case.connections), {}).update(dict.fromkeys(case.servers))
    return [Case(workload, connections, tuple(servers)) for (workload, connections), servers in found.items()]


def with_others(case: Case, also: Collection[str]) -> Case:
    return replace(case, servers=(*case.servers, *also)) if case.workload == DISTINCT else case


def asked(workloads: Collection[str], also: Collection[str] = ()) -> list[str]:
    """Of which servers; of ours in any case, which tells what pictures it reads."""
    in_loops = (server for case in cases(workloads, also) for server in case.servers)
    uncached = (OURS_UNCACHED,) if HIT_RATES in workloads else ()
    by_wrk = (server for servers in wrk.ASKED.values() for server in servers if WRK in workloads)
    return list(dict.fromkeys((OURS, *in_loops, *uncached, *by_wrk)))


def parts(workloads: Collection[str], also: Collection[str] = ()) -> list[Part]:
    """What measures a round of each; memory is measured apart. Raises Failed where a program that it needs is not there."""
    found: list[Part] = [methodcaller("run", case) for case in cases(workloads, also)]
    if HIT_RATES in workloads:
        found.append(hit_rates.runs)
    if PHOTOGRAPHS in workloads:
        found.append(partial(large.runs, photographs=large.photographed()))
    if BATCHES in workloads:
        found.append(batches.runs)
    if NETWORK in workloads:
        found.append(network.runs)
    if WRK in workloads:
        found.append(partial(wrk.runs, program=wrk.found()))
    return found

"""What can be asked for by name, what that measures and on which servers, and what its results are called."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from operator import methodcaller

from loadtests.bench import batches, large, network
from loadtests.bench.apart import APART
from loadtests.bench.runs import Run
from loadtests.bench.servers import OURS
from loadtests.bench.workloads import CASES, DISTINCT, OVER_CONNECTIONS, REDIS, REPEATED, ZIPF, Case, Round

DISTINCT_PICTURES = "distinct"
PHOTOGRAPHS, BATCHES, NETWORK, MEMORY, CONNECTIONS = "photographs", "batches", "network", "memory", "connections"
CLOSED_LOOPS = {DISTINCT_PICTURES: DISTINCT, "repeated": REPEATED, "redis": REDIS, "zipf": ZIPF}
BY_DEFAULT = (*CLOSED_LOOPS, PHOTOGRAPHS, BATCHES, NETWORK, MEMORY)
WORKLOADS = (*BY_DEFAULT, CONNECTIONS)
"""Over connections it takes some minutes more, and is measured where it is asked for."""

Part = Callable[[Round], Iterator[Run]]


def file_stem(workloads: Collection[str], also: Collection[str] = (), *, quick: bool = False) -> str:
    """Of the files: `bench` where everything usual was measured in earnest, so that nothing less takes the place of that."""
    named = [] if set(workloads) == set(BY_DEFAULT) else [each for each in WORKLOADS if each in workloads]
    besides = ["also", *(rival.option for name, rival in APART.items() if name in also)] if also else []
    return "-".join(("bench", *(["quick"] if quick else []), *named, *besides))


def cases(workloads: Collection[str], also: Collection[str] = ()) -> list[Case]:
    """Closed loops, none of them twice; those of distinct pictures with these servers besides."""
    loops = {loop for name, loop in CLOSED_LOOPS.items() if name in workloads}
    found = [
        replace(case, servers=(*case.servers, *also)) if case.workload == DISTINCT else case for case in CASES if case.workload in loops
    ]
    there = {(case.workload, case.connections) for case in found}
    return found + [case for case in OVER_CONNECTIONS if CONNECTIONS in workloads and (case.workload, case.connections) not in there]


def asked(workloads: Collection[str], also: Collection[str] = ()) -> list[str]:
    """Of which servers; of ours in any case, which tells what pictures it reads."""
    return list(dict.fromkeys((OURS, *(server for case in cases(workloads, also) for server in case.servers))))


def parts(workloads: Collection[str], also: Collection[str] = ()) -> list[Part]:
    """What measures a round of each; memory is measured apart."""
    found: list[Part] = [methodcaller("run", case) for case in cases(workloads, also)]
    if PHOTOGRAPHS in workloads:
        found.append(partial(large.runs, photographs=large.photographed()))
    if BATCHES in workloads:
        found.append(batches.runs)
    if NETWORK in workloads:
        found.append(network.runs)
    return found

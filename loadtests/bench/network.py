"""A ceiling: the network by itself in a loop, on one thread of a process that does nothing else. No core serves more pictures than that."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from loadtests.bench.runs import Cell, Run
from loadtests.bench.workloads import NETWORK, NETWORK_BF16, Round
from loadtests.pictures import CHECKOUT


def runs(this: Round) -> Iterator[Run]:
    """The one of a round. Raises CalledProcessError."""
    command = [sys.executable, "-m", "model", "throughput", "--seconds", str(this.seconds)]
    ended = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE)
    yield run_told(json.loads(ended.stdout), this.number)


def run_told(told: Mapping[str, Any], number: int) -> Run:
    """What the command told, a batch being a request. The workload says what the processor can do, for that decides what is asked of it."""
    workload = NETWORK_BF16 if "bfloat16" in told["native"] else NETWORK
    return Run(
        cell=Cell(workload, 1, f"{told['arithmetic']}, batches of {told['batch']}"),
        round=number,
        answers=told["pictures"],
        seconds=told["seconds"],
        per_second=told["pictures"] / told["seconds"],
        p50_ms=told["p50_ms"],
        p95_ms=told["p95_ms"],
        p99_ms=told["p99_ms"],
        generator_share=0.0,
        processor_us=1e6 * told["processor_seconds"] / told["pictures"],
        resident_mb=0.0,
    )

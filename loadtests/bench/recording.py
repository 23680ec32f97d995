"""What recording costs: hits a second with records on, as a share of those with records off, in alternating pairs on one machine.

One gateway process on SQLite. The load takes a core of its own where there are two; the process that writes is the gateway's.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from loadtests.bench.closed_loop import repeat
from loadtests.bench.runs import Cell, Run, run_of
from loadtests.bench.servers import SAMPLE, Server
from loadtests.bench.usage import usage
from loadtests.programs import Failed, program
from loadtests.stack import LOOPBACK, Stack, free_port, running_stack

CONNECTIONS = 32
WARM_UP_SECONDS = 2.0
STATES = {"off": b'"record":"none"', "buffered": b'"record":"buffered"'}
"""What GATEWAY_RECORDS is, and what answers then say."""


def measure(stack: Stack, folder: Path, records: str, number: int, seconds: float) -> Run:
    """A gateway of its own, asked for one cached picture. Raises Failed."""
    port = free_port()
    environment = stack.beside(port, folder) | {"GATEWAY_RECORDS": records, "GATEWAY_CANARY_SECONDS": "0"}
    server = Server(records, f"http://{LOOPBACK}:{port}", "/v1/predict")
    with program([sys.executable, "-m", "gateway", "serve"], folder / "serve.log", environment, is_up=server.answers) as process:
        hits = partial(repeat, server.url, server.path, SAMPLE.png, connections=CONNECTIONS, expects=STATES[records])
        hits(seconds=WARM_UP_SECONDS)
        before = usage([process.pid])
        measured = hits(seconds=seconds)
        return run_of(Cell("repeated", CONNECTIONS, records), number, measured, before, usage([process.pid]))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with one line on standard error where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.recording", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load, each (default 10)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="digitserve-bench-") as folder:
        try:
            with running_stack(Path(folder)) as stack:
                shares = [pair(stack, Path(folder), number, options.seconds) for number in range(options.pairs)]
        except (Failed, OSError) as error:
            print(f"nothing measured: {error}", file=sys.stderr)
            return 1
    print(
        f"recording costs {1 - statistics.median(shares):.1%} of hit throughput (median of {len(shares)} pairs, each {options.seconds:g} s)"
    )
    return 0


def pair(stack: Stack, folder: Path, number: int, seconds: float) -> float:
    """The share of hits that is left; which of the two is first alternates."""
    runs = {}
    for records in STATES if number % 2 == 0 else reversed(STATES):
        state = folder / f"{records}-{number}"
        state.mkdir()
        runs[records] = measure(stack, state, records, number, seconds)
    off, on = runs["off"], runs["buffered"]
    print(
        f"off {off.per_second:.0f} hits/s ({off.processor_us:.0f} us of processor each), "
        f"on {on.per_second:.0f} ({on.processor_us:.0f} us): {on.per_second / off.per_second:.3f}",
        flush=True,
    )
    return on.per_second / off.per_second


if __name__ == "__main__":
    sys.exit(main())

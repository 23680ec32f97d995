"""What recording costs: hits a second with records on, as a share of those with records off, in alternating pairs on one machine.

Two gateways of one process each, one with records in SQLite, take turns of a second: whatever else the machine does meets both. The load
takes a core of its own where there are two; the process that writes is the gateway's.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.bench.closed_loop import repeat
from loadtests.bench.measured import Measured
from loadtests.bench.servers import SAMPLE, Server
from loadtests.bench.usage import usage
from loadtests.programs import Failed, program
from loadtests.stack import LOOPBACK, Stack, free_port, running_stack

CONNECTIONS = 32
WARM_UP_SECONDS = 2.0
TURN_SECONDS = 1.0
SETTLED_SECONDS = 0.2
"""Until what a turn left to be written is written, for which the other would pay."""

STATES = {"off": b'"record":"none"', "buffered": b'"record":"buffered"'}
"""What GATEWAY_RECORDS is, and what answers then say."""


@dataclass
class Hits:
    """What one gateway answered in its turns of one pair."""

    measured: Measured = field(default_factory=Measured)
    processor_seconds: float = 0.0

    @property
    def processor_us(self) -> float:
        """For each answer, of all that the gateway does."""
        return 1e6 * self.processor_seconds / self.measured.answers


class Gateway:
    """One that is asked for one cached picture."""

    def __init__(self, server: Server, pid: int) -> None:
        self._server, self._pid = server, pid

    def turn(self, hits: Hits, seconds: float) -> None:
        """Raises Failed."""
        before = usage([self._pid])
        url, path, expects = self._server.url, self._server.path, STATES[self._server.name]
        hits.measured.add(repeat(url, path, SAMPLE.png, connections=CONNECTIONS, seconds=seconds, expects=expects))
        hits.processor_seconds += usage([self._pid]).since(before)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with one line on standard error where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.recording", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="of load, each (default 10)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="digitserve-bench-") as folder:
        try:
            with (
                running_stack(Path(folder)) as stack,
                gateway(stack, Path(folder), "off") as off,
                gateway(stack, Path(folder), "buffered") as buffered,
            ):
                shares = [pair({"off": off, "buffered": buffered}, options.seconds) for _ in range(options.pairs)]
        except (Failed, OSError) as error:
            print(f"nothing measured: {error}", file=sys.stderr)
            return 1
    print(
        f"recording costs {1 - statistics.median(shares):.1%} of hit throughput (median of {len(shares)} pairs, each {options.seconds} s)"
    )
    return 0


@contextmanager
def gateway(stack: Stack, folder: Path, records: str) -> Iterator[Gateway]:
    """Beside the stack's own, with a state of its own, warm. Raises Failed."""
    port, state = free_port(), folder / records
    state.mkdir()
    environment = stack.beside(port, state) | {"GATEWAY_RECORDS": records, "GATEWAY_CANARY_SECONDS": "0"}
    server = Server(records, f"http://{LOOPBACK}:{port}", "/v1/predict")
    with program([sys.executable, "-m", "gateway", "serve"], state / "serve.log", environment, is_up=server.answers) as process:
        started = Gateway(server, process.pid)
        started.turn(Hits(), WARM_UP_SECONDS)
        yield started


def pair(gateways: dict[str, Gateway], turns: int) -> float:
    """The share of hits that is left; which of the two is first alternates."""
    hits = {records: Hits() for records in gateways}
    for number in range(turns):
        for records in gateways if number % 2 == 0 else reversed(gateways):
            gateways[records].turn(hits[records], TURN_SECONDS)
            time.sleep(SETTLED_SECONDS)
    off, on = hits["off"], hits["buffered"]
    share = on.measured.per_second / off.measured.per_second
    print(
        f"off {off.measured.per_second:.0f} hits/s ({off.processor_us:.0f} us of processor each), "
        f"on {on.measured.per_second:.0f} ({on.processor_us:.0f} us): {share:.3f}",
        flush=True,
    )
    return share


if __name__ == "__main__":
    sys.exit(main())

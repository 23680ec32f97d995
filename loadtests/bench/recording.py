"""What recording costs: hits a second with records on, as a share of those with records off, in alternating pairs on one machine.

One gateway process on SQLite. The load takes a core of its own where there are two; the process that writes is the gateway's.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.bench.closed_loop import repeat
from loadtests.client import Gateway, Refused
from loadtests.pictures import CHECKOUT
from loadtests.stack import LOOPBACK, Failed, Stack, free_port, program, running_stack

SAMPLE = CHECKOUT / "model" / "known" / "7.png"
CONNECTIONS = 32
WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Run:
    """Hits a second, and the processor time of the gateway for each, in microseconds."""

    per_second: float
    processor_us: float


def measure(stack: Stack, folder: Path, records: str, seconds: float) -> Run:
    """A gateway of its own, asked for one cached picture by 32 connections. Raises Failed."""
    port = free_port()
    environment = stack.beside(port, folder) | {"GATEWAY_RECORDS": records, "GATEWAY_CANARY_SECONDS": "0"}
    url = f"http://{LOOPBACK}:{port}"
    with program([sys.executable, "-m", "gateway", "serve"], folder / "serve.log", environment, is_up=lambda: answers(url)) as process:
        told = b'"record":"none"' if records == "off" else b'"record":"buffered"'
        picture = SAMPLE.read_bytes()
        repeat(url, "/v1/predict", picture, connections=CONNECTIONS, seconds=WARM_UP_SECONDS, expects=b'"digit":7')
        before = processor_seconds(process.pid)
        rate = repeat(url, "/v1/predict", picture, connections=CONNECTIONS, seconds=seconds, expects=told)
        return Run(rate.per_second, 1e6 * (processor_seconds(process.pid) - before) / rate.answers)


def answers(url: str) -> bool:
    gateway = Gateway(url)
    with suppress(OSError, Refused):
        return bool(gateway.predict(SAMPLE.read_bytes())["digit"] == 7)
    return False


def processor_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


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
    order = ("off", "buffered") if number % 2 == 0 else ("buffered", "off")
    runs = {}
    for records in order:
        state = folder / f"{records}-{number}"
        state.mkdir()
        runs[records] = measure(stack, state, records, seconds)
    off, on = runs["off"], runs["buffered"]
    print(
        f"off {off.per_second:.0f} hits/s ({off.processor_us:.0f} us of processor each), "
        f"on {on.per_second:.0f} ({on.processor_us:.0f} us): {on.per_second / off.per_second:.3f}",
        flush=True,
    )
    return on.per_second / off.per_second


if __name__ == "__main__":
    sys.exit(main())

"""A load by Locust, against a stack of its own or a gateway that runs, with an exit code that says whether it was good enough."""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtests.command import end_on, say
from loadtests.load.judgement import Limits, verdict
from loadtests.load.shapes import SHAPES
from loadtests.load.swarm import WEB_PORT, Load, swarm
from loadtests.load.yardstick import TIMES, p95_limit_ms
from loadtests.programs import Failed
from loadtests.stack import LOOPBACK, running_stack

KINDS = {"new": "NewPictures", "repeated": "RepeatedPictures", "zipf": "ZipfPictures", "feedback": "Feedback", "batch": "Batches"}
USUAL_KINDS = tuple(KINDS)
USERS = 20
MOST_ERRORS = 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where the load was answered well, 1 where not, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.load", description=__doc__)
    parser.add_argument("--url", help="of a gateway that runs; without it a stack is started, and ended again")
    parser.add_argument("--shape", choices=SHAPES, default="ramp")
    parser.add_argument("--users", type=int, default=USERS, help=f"at most (default {USERS})")
    parser.add_argument("--seconds", type=float, help="how long the shape takes (default: that of the shape)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=USUAL_KINDS, help=f"of users (default: {' '.join(USUAL_KINDS)})")
    parser.add_argument("--most-errors", type=float, default=MOST_ERRORS, help=f"the largest good share (default {MOST_ERRORS})")
    parser.add_argument(
        "--p95-ms", type=float, help=f"the largest good p95 (default: {TIMES:g} times what a bare server takes, measured first)"
    )
    parser.add_argument("--web", action="store_true", help=f"with Locust's web interface on {LOOPBACK}:{WEB_PORT}, until Ctrl-C")
    options = parser.parse_args(arguments)
    kinds = tuple(KINDS[kind] for kind in options.kinds)
    load = Load(kinds, options.shape, options.users, options.seconds or SHAPES[options.shape].seconds)
    end_on(signal.SIGTERM)
    try:
        with tempfile.TemporaryDirectory(prefix="digitserve-load-") as folder:
            p95_ms = p95_limit_ms(load, Path(folder)) if options.p95_ms is None else options.p95_ms
            limits = Limits(options.most_errors, p95_ms)
            with gateway(options.url, Path(folder)) as url:
                say(f"{load.shape} of {load.users} users in {load.seconds:g} s against {url}")
                if options.web:
                    say(f"http://{LOOPBACK}:{WEB_PORT} shows it; Ctrl-C ends it")
                seen, code = swarm(url, load, limits, web=options.web)
        say(verdict(seen, limits))
        return code
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"no load: {error}", file=sys.stderr)
        return 1


@contextmanager
def gateway(url: str | None, folder: Path) -> Iterator[str]:
    """The URL of one that answers. Our own looks at no known digits meanwhile, so that all that it counts is what is asked here."""
    if url is not None:
        yield url.rstrip("/")
        return
    with running_stack(folder, GATEWAY_CANARY_SECONDS="0") as stack:
        yield stack.url


if __name__ == "__main__":
    sys.exit(main())

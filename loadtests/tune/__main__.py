"""Which batch size, delay, workers, threads and gateway processes answer new pictures soonest here, at a rate, and the lines to change.

Each is tried alone on a stack of its own; then the best of all together is measured in turn with the present settings, which are those of
the environment. Other load on this machine is measured along; it should be none, or usual.
"""

import argparse
import http.client
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

from loadtests.bench.report import this_machine
from loadtests.client import Refused
from loadtests.command import above_zero, end_on, say
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import Stack
from loadtests.tune.candidates import Setting, candidates, present_setting
from loadtests.tune.judgement import IN_TURN, Trial, best_together
from loadtests.tune.report import Tuned, leave_behind, name
from loadtests.tune.trials import Form, Trials

USUAL = Form(seconds=5.0, warm_up_seconds=5.0)
QUICK = Form(seconds=1.0, warm_up_seconds=0.5)
RATE = 200.0
FEWEST, MOST = 100, 100_000
"""Requests of a run: fewer have no p99, and more no room."""


class Measuring(Protocol):
    """`trials.Trials`, or what tests put in its place."""

    def stack(self, setting: Setting) -> AbstractContextManager[Stack]: ...

    def trial(self, stack: Stack, setting: Setting) -> Trial: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; 1 with a line on standard error where it could not be measured, or an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.tune", description=__doc__)
    parser.add_argument("--rate", type=above_zero, default=RATE, help=f"new pictures a second (default {RATE:g})")
    parser.add_argument("--seconds", type=above_zero, help=f"of each run (default {USUAL.seconds:g})")
    parser.add_argument("--quick", action="store_true", help="two settings, a second a run: whether it works")
    options = parser.parse_args(arguments)
    usual = QUICK if options.quick else USUAL
    form = Form(options.seconds or usual.seconds, usual.warm_up_seconds)
    if not FEWEST <= options.rate * form.seconds <= MOST:
        parser.error(f"a run has {FEWEST} to {MOST} requests: --rate times --seconds")
    end_on(signal.SIGTERM, signal.SIGINT)
    state = Path(os.environ.get("GATEWAY_STATE_DIR") or CHECKOUT / "var")
    try:
        present = present_setting(os.environ)
        others = candidates(present, os.cpu_count() or 1)[: 1 if options.quick else None]
        with tempfile.TemporaryDirectory(prefix="digitserve-tune-") as folder:
            trials, together = swept(Trials(Path(folder), form, options.rate), present, others)
        tuned = Tuned(this_machine(), options.rate, form.seconds, trials, together)
        left = leave_behind(tuned, state)
    except (Failed, Refused, OSError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        print(f"nothing tuned: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    say(f"written: tune.json, tune.md and tune.png in {left}")
    say("\n".join([tuned.verdict, *tuned.lines]))
    return 0


def swept(measuring: Measuring, present: Setting, others: Sequence[Setting]) -> tuple[list[Trial], Setting]:
    """All runs, and the best of each thing together; a setting with which no stack comes up is left out.

    One other setting alone needs no choosing. Raises as `measuring` does.
    """
    trials: list[Trial] = []

    def run(stack: Stack, setting: Setting) -> None:
        trials.append(measuring.trial(stack, setting))
        say(line(trials[-1], present))

    together = others[0]
    if len(others) > 1:
        say(f"{1 + len(others)} settings, one after the other; then the best together")
        with measuring.stack(present) as stack:
            for _ in range(IN_TURN):
                run(stack, present)
        for other in others:
            with ExitStack() as up:
                try:
                    stack = up.enter_context(measuring.stack(other))
                except Failed as error:  # too much for this machine, perhaps, which is no reason not to try the others
                    say(f"{name(other, present)}: not tried, {' '.join(str(error).split())}")
                    continue
                run(stack, other)
        together = best_together(trials[:IN_TURN], trials[IN_TURN:])
    if together != present:
        say(f"in turn with the present settings: {name(together, present)}")
        with measuring.stack(present) as one, measuring.stack(together) as another:
            for _ in range(IN_TURN):
                run(one, present)
                run(another, together)
    return trials, together


def line(trial: Trial, present: Setting) -> str:
    refused = f"  {trial.refusals} refused" if trial.refusals else ""
    return (
        f"{name(trial.setting, present):32} p50 {trial.p50_ms:6.1f}  p95 {trial.p95_ms:6.1f}  p99 {trial.p99_ms:6.1f} ms"
        f"  {trial.processor_ms:5.2f} ms of a processor each{refused}"
    )


if __name__ == "__main__":
    sys.exit(main())

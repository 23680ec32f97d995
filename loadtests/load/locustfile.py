"""What Locust reads: the kinds of users, the shape that was chosen, and the judgement that becomes its exit code.

`python -m loadtests.load` gives it all of its options. Importing Locust makes the whole process gevent's, so nothing but Locust reads this.
"""

from argparse import Namespace
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from locust import LoadTestShape, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import EventHook
from locust.runners import Runner

from loadtests.load.judgement import Limits, Seen, faults
from loadtests.load.shapes import SHAPES
from loadtests.load.supply import Supply
from loadtests.load.users import Asking, Batches, Feedback, NewPictures, RepeatedPictures, ZipfPictures

__all__ = ["Batches", "Chosen", "Feedback", "NewPictures", "RepeatedPictures", "ZipfPictures"]

SPAWNED_PER_SECOND = 100.0
"""The most that Locust advises."""


class Chosen(LoadTestShape):
    """The shape that the options name, of as many users as they say."""

    use_common_options: ClassVar[bool] = True
    _tenths_told = 0

    def tick(self) -> tuple[int, float] | None:
        """Asked every second."""
        assert self.runner is not None
        options = options_of(self.runner.environment)
        elapsed: float = self.get_run_time()  # type: ignore[no-untyped-call]
        users = SHAPES[options.shape].users_at(elapsed, options.num_users, options.seconds)
        if users is None:
            return None
        self._tell(int(10 * elapsed / options.seconds), elapsed, self.runner)
        return users, SPAWNED_PER_SECOND

    def _tell(self, tenths: int, elapsed: float, runner: Runner) -> None:
        """How it goes, at each tenth of the time."""
        if tenths > self._tenths_told:
            total = runner.stats.total
            print(f"{elapsed:6.0f} s: {runner.user_count} users, {total.num_requests} requests, {total.num_failures} errors", flush=True)
        self._tenths_told = tenths


class Judge:
    """Keeps how long each request takes, which Locust itself keeps in whole milliseconds, and judges in the end."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._milliseconds = array("d")
        on(environment.events.test_start, self.forget)
        on(environment.events.request, self.keep)
        on(environment.events.quitting, self.judge)

    def forget(self, **_: Any) -> None:
        """What was before; the web interface can start anew."""
        del self._milliseconds[:]

    def keep(self, response_time: float, **_: Any) -> None:
        self._milliseconds.append(response_time)

    def judge(self, **_: Any) -> None:
        """The exit code, and what was seen in the file that the options name."""
        options, runner = options_of(self._environment), self._environment.runner
        assert runner is not None
        seen = Seen.of(self._milliseconds, runner.stats.total.num_failures, len(runner.exceptions))
        self._environment.process_exit_code = int(any(faults(seen, Limits(options.most_errors, options.p95_ms))))
        options.seen.write_text(seen.as_json())


def add_options(parser: LocustArgumentParser, **_: Any) -> None:
    """Those that the web interface shows can be changed there from one run to the next."""
    parser.add_argument("--shape", choices=list(SHAPES), help="how many users there are when")
    parser.add_argument("--seconds", type=float, help="how long the shape takes")
    parser.add_argument("--most-errors", type=float, help="the largest good share")
    parser.add_argument("--p95-ms", type=float, help="the largest good p95")
    parser.add_argument("--seen", type=Path, include_in_web_ui=False)


def begin(environment: Environment, **_: Any) -> None:
    Asking.supply = Supply()
    Judge(environment)


def options_of(environment: Environment) -> Namespace:
    options: Namespace | None = environment.parsed_options
    assert options is not None
    return options


def on(event: EventHook, act: Callable[..., None]) -> None:
    event.add_listener(act)  # type: ignore[no-untyped-call]


on(events.init_command_line_parser, add_options)
on(events.init, begin)

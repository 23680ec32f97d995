"""Stacks of one setting each, warmed up, and new pictures sent to them at a rate."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench.closed_loop import go_round
from loadtests.bench.fresh import Fresh, fresh_pictures
from loadtests.bench.open_loop import arrive
from loadtests.bench.usage import usage
from loadtests.bench.wire import asks
from loadtests.pictures import CHECKOUT
from loadtests.programs import Failed
from loadtests.stack import Stack, build_archive, running_stack
from loadtests.tune.candidates import Setting
from loadtests.tune.judgement import Trial

BUILT = CHECKOUT / "var" / "archive" / "digits.mar"
"""What `make archive` made last."""

WARM_UP_CONNECTIONS = 32
WARM_UP_PER_SECOND = 1_000
"""Pictures made for warming up; a stack that takes more is warm."""


@dataclass(frozen=True)
class Form:
    """How much is measured."""

    seconds: float
    """Of each run."""
    warm_up_seconds: float


class Trials:
    """All trials of one tuning: what they share is one archive, the rate, and that no picture is sent twice."""

    def __init__(self, folder: Path, form: Form, rate: float) -> None:
        self._folder, self._form, self._rate = folder, form, rate
        self._fresh: Fresh | None = None
        self._stacks = 0

    @contextmanager
    def stack(self, setting: Setting) -> Iterator[Stack]:
        """A new one, warm. It sends no known digits of its own. Raises Failed, Refused, OSError, CalledProcessError."""
        archive = self._folder / "archive"
        if not archive.exists():
            archive.mkdir()
            if BUILT.is_file():  # which takes some seconds, and is left alone where it is current
                shutil.copyfile(BUILT, archive / BUILT.name)
            build_archive(CHECKOUT, archive)
        self._stacks += 1
        folder = self._folder / str(self._stacks)
        shutil.copytree(archive, folder / "state" / "archive")
        with running_stack(folder, CHECKOUT, **setting.variables, GATEWAY_CANARY_SECONDS="0") as stack:
            if self._fresh is None:
                self._fresh = fresh_pictures(stack.url)
            pictures = self._fresh.take(int(self._form.warm_up_seconds * WARM_UP_PER_SECOND))
            go_round(stack.url, asks(stack.url, pictures), connections=WARM_UP_CONNECTIONS, seconds=self._form.warm_up_seconds)
            yield stack
        shutil.rmtree(folder)

    def trial(self, stack: Stack, setting: Setting) -> Trial:
        """One run. Raises Failed."""
        assert self._fresh is not None, "pictures come with the first stack"
        sent = asks(stack.url, self._fresh.take(int(self._rate * self._form.seconds)))
        before = usage([stack.process.pid])
        measured = arrive(stack.url, sent, rate=self._rate, most_refusals=len(sent))
        after = usage([stack.process.pid])
        if not measured.answers:
            raise Failed(f"of {len(sent)} requests none was answered; lower --rate")
        return Trial(
            setting=setting,
            answers=measured.answers,
            refusals=measured.refusals,
            p50_ms=measured.milliseconds(50),
            p95_ms=measured.milliseconds(95),
            p99_ms=measured.milliseconds(99),
            processor_ms=1e3 * after.since(before) / len(sent),
            generator_share=measured.generator_share,
        )

"""Commands end what they started when they are told to end, are heard at once, and refuse what is not above 0."""

import argparse
import os
import signal
import subprocess
import sys

import pytest

from loadtests.command import above_zero
from loadtests.pictures import CHECKOUT

STARTED = """
import signal, sys, time
from loadtests.command import end_on, say
end_on(signal.SIGTERM, signal.SIGINT)
try:
    say("up")
    time.sleep(60)
finally:
    say("ended what it started")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_is_told_to_end_ends_what_it_started_and_says_by_what(number: signal.Signals) -> None:
    command, buffered = [sys.executable, "-c", STARTED], {**os.environ, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(command, cwd=CHECKOUT, env=buffered, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"  # at once, though it is a pipe
        os.kill(process.pid, number)
        said, _ = process.communicate(timeout=20)
    assert said == "ended what it started\n"
    assert process.returncode == 128 + number


@pytest.mark.parametrize(("text", "number"), [("0.5", 0.5), ("3", 3.0)])
def test_a_number_above_0_is_taken(text: str, number: float) -> None:
    assert above_zero(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan"])
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{text} is not above 0$"):
        above_zero(text)

"""What the commands of this room do alike: they say what is seen as it is seen, end what they started, and take numbers above 0."""

import argparse
import math
import signal
import sys


def say(text: str) -> None:
    """At once, also where standard output is a file."""
    print(text, flush=True)


def end_on(*numbers: signal.Signals) -> None:
    """From now on one of these ends this program as an exception does, so that what was started is ended too."""
    for number in numbers:
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def above_zero(text: str) -> float:
    """Of an option. Raises ValueError, ArgumentTypeError."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number

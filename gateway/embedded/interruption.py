"""The signals that end a run: the first one politely, each further one at once."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def interruption(again: Callable[[], None]) -> Iterator[asyncio.Event]:
    """Set by the first SIGINT, SIGTERM or SIGHUP; each further one calls `again`. A SIGHUP that nohup ignores stays ignored."""
    came = asyncio.Event()

    def on_signal() -> None:
        if came.is_set():
            again()
        came.set()

    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)
    try:
        yield came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)

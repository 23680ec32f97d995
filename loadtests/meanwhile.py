"""Something that goes on in a thread while a block runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event


@contextmanager
def meanwhile(act: Callable[[Event], object]) -> Iterator[None]:
    """`act` is to end soon after the event that it is given is set, at the end of the block; what it raised is raised there."""
    over = Event()
    with ThreadPoolExecutor(1) as thread:
        acting = thread.submit(act, over)
        try:
            yield
        finally:
            over.set()
        acting.result()

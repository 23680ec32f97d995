"""Something that goes on in a thread while a block runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event


@contextmanager
def meanwhile(act: Callable[[Event], object]) -> Iterator[None]:
    """`act` is to end soon after the event that it is given is set, at the end of the block; what it raised is raised there.

    Also where the block failed: what went wrong meanwhile is the likelier cause, so that is raised, from the block's own exception.
    """
    over = Event()
    with ThreadPoolExecutor(1) as thread:
        acting = thread.submit(act, over)
        try:
            yield
        except Exception as ended:
            over.set()
            if (failure := acting.exception()) is not None:
                raise failure from ended
            raise
        finally:
            over.set()
        acting.result()

"""Memory that nobody uses goes back to the system, where that can be done: what starting left, and what large uploads leave."""

import asyncio
import ctypes
from collections.abc import Callable

from model.resident import let_go_of_code

TIDY_SECONDS = 10.0


def give_back() -> None:
    """What starting took and serving does not need: dozens of megabytes. What is needed after all comes back by itself."""
    trim()
    let_go_of_code(out_of_cache=True)


def trim() -> None:
    """Give free memory back, where the C library can (malloc_trim(3)); it takes a millisecond or less."""
    give = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give is not None:
        give(0)


async def keep_tidy(every_seconds: float = TIDY_SECONDS, tidy: Callable[[], None] = trim) -> None:
    """Trim again and again: a large upload leaves megabytes. Never returns; cancel it."""
    while True:
        await asyncio.sleep(every_seconds)
        tidy()

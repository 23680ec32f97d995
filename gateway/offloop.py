"""Work whose time grows with its bytes: done here and now when there are few, in a thread when there are many."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

FEW_BYTES = 64 * 2**10
"""Up to here handing over costs more than hashing, decoding base64 or reading a header does; each takes under a millisecond."""


async def nearby(size: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns or raises, for an input of `size` bytes."""
    if size <= FEW_BYTES:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)

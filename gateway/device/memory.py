"""Memory that only starting needed goes back to the system, where it can (Linux). What serving uses comes back unasked."""

import asyncio
import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

SMAPS = Path("/proc/self/smaps")
MADV_DONTNEED = 4
"""Of a mapping that nothing was written to: its pages leave this process, stay in the system's cache, and come back when they are read."""


TIDY_SECONDS = 10.0


async def keep_tidy() -> None:
    """Give back what is free again and again: a large upload leaves megabytes. Never returns; cancel it."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        trim()


def trim() -> None:
    """Give back what is free, where the C library does that; it takes a millisecond or less."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def give_back() -> None:
    """Give back what is free, and pages of libraries as they are on disk: starting touches dozens of megabytes that serving does not."""
    trim()
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    with suppress(OSError), SMAPS.open(encoding="utf-8", errors="replace") as lines:
        for start, end in list(untouched(lines)):
            libc.madvise(start, end - start, MADV_DONTNEED)  # what it refuses stays


def untouched(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each private mapping of a file that cannot be written to, and of which no page was changed before that was so."""
    place: tuple[int, int] | None = None
    for line in smaps:
        first, *rest = line.split()
        if not first.endswith(":"):
            start, _, end = first.partition("-")
            permissions, path = rest[0], rest[4:]
            plain = permissions[0] == "r" and permissions[1] == "-" and permissions[3] == "p" and path[:1] != [] and path[0].startswith("/")
            place = (int(start, 16), int(end, 16)) if plain else None
        elif first == "Anonymous:" and place is not None and rest[0] == "0":
            yield place

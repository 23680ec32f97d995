"""Bytes of the system's generator, fetched many at a time: each call into the system costs as much as a cache lookup."""

import os

FETCHED_BYTES = 4_096


class RandomBytes:
    """Unpredictable, and none given out twice. For one thread."""

    def __init__(self) -> None:
        self._fetched, self._given = b"", 0

    def take(self, size: int) -> bytes:
        """`size` is at most FETCHED_BYTES."""
        start, end = self._given, self._given + size
        if end > len(self._fetched):
            self._fetched, start, end = os.urandom(FETCHED_BYTES), 0, size
        self._given = end
        return self._fetched[start:end]

"""The in-process cache: answers by raw bytes, so that a repeat is not even decoded. Bounded in bytes and in time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from gateway.contract import Content

ENTRY_BYTES = 1_120
"""What one entry occupies, key and bookkeeping included, as the test beside this module measures it."""


class LocalKey(NamedTuple):
    """Whose answer, by which model, to which bytes (`digest`: SHA-256 of the upload)."""

    tenant: str | None
    model: str
    version: str
    digest: bytes


class LocalCache:
    """At most `capacity_bytes // ENTRY_BYTES` answers, none older than `ttl_seconds`; with no capacity it remembers nothing."""

    def __init__(self, capacity_bytes: int, ttl_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity = capacity_bytes // ENTRY_BYTES
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._entries: OrderedDict[LocalKey, tuple[Content, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: LocalKey) -> Content | None:
        """What was put under `key`, or None when it is not there or too old."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        content, expires = entry
        if self._clock() >= expires:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return content

    def put(self, key: LocalKey, content: Content) -> None:
        """Remember; the least recently used entries make room."""
        if self.capacity == 0:
            return
        self._entries[key] = (content, self._clock() + self._ttl_seconds)
        self._entries.move_to_end(key)
        while len(self._entries) > self.capacity:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        self._entries.clear()

"""Forget cached answers by model, version and tenant, in Redis and, through a key that every gateway watches, in their processes."""

import secrets
from collections.abc import Iterator

import redis

from gateway.redis_cache import PURGE_KEY

SCAN_COUNT = 1_000
GLOB = str.maketrans({character: f"\\{character}" for character in "*?[]^\\"})


def purge(client: "redis.Redis", *, model: str | None, version: str | None, tenant: str | None) -> int:
    """Delete what matches (None matches all; tenant `-` is the absent one) and say how many. Raises redis.RedisError."""
    removed = 0
    for keys in _in_groups(client.scan_iter(pattern(model, version, tenant), count=SCAN_COUNT)):
        removed += int(client.unlink(*keys))
    client.set(PURGE_KEY, secrets.token_hex(8))
    return removed


def pattern(model: str | None, version: str | None, tenant: str | None) -> bytes:
    """The glob that matches the keys; what is special to a glob is taken literally."""
    parts = ("*" if part is None else part.translate(GLOB) for part in (tenant, model, version))
    return f"digits:{':'.join(parts)}:*".encode()


def _in_groups(keys: Iterator[bytes]) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for key in keys:
        group.append(key)
        if len(group) == SCAN_COUNT:
            yield group
            group = []
    if group:
        yield group

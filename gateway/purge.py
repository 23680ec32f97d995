"""Forget cached answers by model, version and tenant, in Redis and, through a key that every gateway watches, in their processes."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

import redis
from redis.exceptions import MovedError

from gateway.redis_cache import PURGE_KEY
from gateway.redis_forms import servers_of

SCAN_COUNT = 1_000
GLOB = str.maketrans({character: f"\\{character}" for character in "*?[]^\\"})
CONNECT_SECONDS, ANSWER_SECONDS = 2, 10


def purge_at(url: str, *, model: str | None, version: str | None, tenant: str | None) -> int:
    """`purge` of the Redis at this URL. Raises ValueError when that cannot be used, redis.RedisError or OSError when it does not answer."""
    with ExitStack() as clients:
        servers = [
            clients.enter_context(redis.Redis.from_url(server, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=CONNECT_SECONDS))
            for server in asyncio.run(servers_of(url))
        ]
        return purge(servers, model=model, version=version, tenant=tenant)


def purge(servers: "Sequence[redis.Redis]", *, model: str | None, version: str | None, tenant: str | None) -> int:
    """Delete what matches (None matches all; tenant `-` is the absent one) and say how many. Raises redis.RedisError.

    `servers`: the one that has all keys, or each primary of a cluster.
    """
    removed = 0
    for server in servers:
        for keys in _in_groups(server.scan_iter(pattern(model, version, tenant), count=SCAN_COUNT)):
            together = server.pipeline(transaction=False)
            for key in keys:  # a cluster takes no command with keys of several slots
                together.unlink(key)
            removed += sum(together.execute())
    _tell(servers)
    return removed


def pattern(model: str | None, version: str | None, tenant: str | None) -> bytes:
    """The glob that matches the keys; what is special to a glob is taken literally."""
    parts = ("*" if part is None else part.translate(GLOB) for part in (tenant, model, version))
    return f"digits:{':'.join(parts)}:*".encode()


def _tell(servers: "Sequence[redis.Redis]") -> None:
    """Change the key that gateways watch, on the server that takes it."""
    for server in servers:
        with suppress(MovedError):
            server.set(PURGE_KEY, secrets.token_hex(8))
            return
    raise redis.RedisError(f"no server takes {PURGE_KEY}")


def _in_groups(keys: Iterator[bytes]) -> Iterator[list[bytes]]:
    group: list[bytes] = []
    for key in keys:
        group.append(key)
        if len(group) == SCAN_COUNT:
            yield group
            group = []
    if group:
        yield group

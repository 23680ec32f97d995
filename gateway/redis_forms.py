"""Redis in the form that its URL names, behind one way to ask it."""

import asyncio
from collections.abc import Callable
from functools import partial

from gateway.redis_address import ClusterAddress, SentinelAddress, ServerAddress, read_address
from gateway.redis_cluster import Cluster
from gateway.redis_pipe import Pipe, RedisPipe
from gateway.redis_sentinel import Sentinels

Pipes = Callable[[], Pipe]
"""Makes pipes to one Redis, as many as batches are under way at a time."""

FIND_SECONDS = 5.0


def redis_pipes(url: str) -> Pipes:
    """Nothing is connected yet. Raises ValueError, with one line, when the URL cannot be used."""
    match read_address(url):
        case ServerAddress() as alone:
            return partial(RedisPipe, partial(_itself, alone.url))
        case SentinelAddress() as watched:
            return Sentinels(watched).pipe
        case ClusterAddress() as spread:
            return Cluster(spread).pipe


async def servers_of(url: str) -> list[str]:
    """URLs of the servers that hold the keys now. Raises ValueError, or ConnectionError when nobody says which."""
    try:
        async with asyncio.timeout(FIND_SECONDS):
            return await _servers_of(url)
    except TimeoutError as error:
        raise ConnectionError("nobody says in time which servers hold the keys") from error


async def _servers_of(url: str) -> list[str]:
    match read_address(url):
        case ServerAddress() as alone:
            return [alone.url]
        case SentinelAddress() as watched:
            return [await Sentinels(watched).primary()]
        case ClusterAddress() as spread:
            cluster = Cluster(spread)
            await cluster.look()
            return [node.url for node in cluster.nodes]


async def _itself(url: str) -> str:
    return url

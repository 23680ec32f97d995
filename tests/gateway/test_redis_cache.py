"""Answers are remembered in Redis to the last bit, each under its own key; what is there is checked before it is believed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest
import redis.asyncio
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import MovedError

from gateway.contract import Prediction
from gateway.metrics import Metrics
from gateway.redis_cache import BUDGET_SECONDS, PURGE_KEY, RedisCache
from gateway.redis_forms import redis_pipes
from gateway.redis_pipe import LATE_SECONDS
from gateway.seams import LARGEST_LOOKUP, RedisKey
from gateway.signing import Signer
from tests.gateway.redis_servers import Server
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio

KEY = RedisKey(None, "digits", "ab12cd34ef56", bytes(range(32)))

PATIENT_SECONDS = 5.0
"""A budget for tests that are not about time: a busy machine must not turn a hit into a miss."""


def prediction(digit: int = 7) -> Prediction:
    [made] = Prediction.from_logits((np.linspace(-9, 3, 10, dtype=np.float32) + np.eye(10, dtype=np.float32)[digit] * 20)[None])
    return made


@asynccontextmanager
async def cache_on(
    url: str, on_purge: Callable[[], None] = lambda: None, ttl_seconds: int = 1_000, budget: float = PATIENT_SECONDS
) -> AsyncIterator[RedisCache]:
    cache = RedisCache(redis_pipes(url), Signer(b"s" * 32), Metrics(), ttl_seconds, on_purge, budget)
    watching = asyncio.create_task(cache.watch())
    try:
        yield cache
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await cache.close()


async def got(cache: RedisCache, key: RedisKey = KEY) -> Prediction | None:
    [prediction] = await cache.get([key], time.perf_counter())
    return prediction


@pytest.fixture
async def server(valkey: str) -> AsyncIterator["redis.asyncio.Redis"]:
    async with redis.asyncio.Redis.from_url(valkey) as client:
        await client.flushall()
        yield client


async def stored(cache: RedisCache, server: "redis.asyncio.Redis", key: RedisKey = KEY, digit: int = 7) -> None:
    cache.put(key, prediction(digit))
    async with asyncio.timeout(20):
        while await server.get(key.raw) is None:
            await asyncio.sleep(0.005)


async def test_what_was_put_is_got_back_to_the_last_bit(valkey: str, server: "redis.asyncio.Redis") -> None:
    async with cache_on(valkey) as cache:
        assert await got(cache) is None
        await stored(cache, server)
        kept = await got(cache)
    assert kept is not None
    assert kept.drops == prediction().drops


async def test_tenants_models_and_versions_are_apart(valkey: str, server: "redis.asyncio.Redis") -> None:
    async with cache_on(valkey) as cache:
        await stored(cache, server)
        for other in (
            RedisKey("a", KEY.model, KEY.version, KEY.digest),
            RedisKey(None, "letters", KEY.version, KEY.digest),
            RedisKey(None, KEY.model, "ab12cd34ef57", KEY.digest),
        ):
            assert await got(cache, other) is None


async def test_answers_expire_around_the_time_that_was_set(valkey: str, server: "redis.asyncio.Redis") -> None:
    async with cache_on(valkey) as cache:
        lives = set()
        for number in range(50):
            key = RedisKey(None, "digits", "ab12cd34ef56", bytes([number] * 32))
            await stored(cache, server, key)
            lives.add(await server.ttl(key.raw))
    assert len(lives) > 10
    assert 895 <= min(lives) <= max(lives) <= 1_100


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"7",
        b"{}",
        b"\0" * 28,
        b"\xff" * 28,
        b"x" * 1_000_000,
    ],
    ids=["empty", "short", "json", "zeros", "ones", "long"],
)
async def test_a_value_that_is_none_of_ours_is_a_miss_and_is_removed(valkey: str, server: "redis.asyncio.Redis", value: bytes) -> None:
    await server.set(KEY.raw, value)
    async with cache_on(valkey) as cache:
        assert await got(cache) is None
        assert cache.well
        async with asyncio.timeout(20):
            while await server.exists(KEY.raw):
                await asyncio.sleep(0.005)


async def test_a_value_of_an_earlier_meaning_is_not_believed(valkey: str, server: "redis.asyncio.Redis") -> None:
    """Gateways of two versions share Redis while they are replaced: drops without a height were MACed for another purpose."""
    before = b"\x00\x60" * 7 + b"\x00\x00" + b"\x00\x60" * 2
    await server.set(KEY.raw, before + Signer(b"s" * 32).mac(b"cached-value", KEY.raw + before, 8))
    async with cache_on(valkey) as cache:
        assert await got(cache) is None
        async with asyncio.timeout(20):
            while await server.exists(KEY.raw):
                await asyncio.sleep(0.005)
        await stored(cache, server)
        kept = await got(cache)
    assert kept == prediction()


async def test_the_value_of_another_key_is_not_believed(valkey: str, server: "redis.asyncio.Redis") -> None:
    other = RedisKey(None, "digits", "ab12cd34ef56", b"o" * 32)
    async with cache_on(valkey) as cache:
        await stored(cache, server, other, digit=3)
        await server.set(KEY.raw, await server.get(other.raw) or b"")
        assert await got(cache) is None


async def test_a_value_of_another_type_is_a_miss_and_is_removed(valkey: str, server: "redis.asyncio.Redis") -> None:
    await server.lpush(KEY.raw, b"x")
    async with cache_on(valkey) as cache:
        assert await got(cache) is None
        async with asyncio.timeout(20):
            while await server.exists(KEY.raw):
                await asyncio.sleep(0.005)


async def test_a_purge_anywhere_is_heard(valkey: str, server: "redis.asyncio.Redis") -> None:
    heard: list[bool] = []
    async with cache_on(valkey, on_purge=lambda: heard.append(True)):
        await server.set(PURGE_KEY, b"1")
        await until(lambda: heard)


async def test_many_are_got_at_once_each_its_own(valkey: str, server: "redis.asyncio.Redis") -> None:
    keys = [RedisKey(None, "digits", "v", bytes([number] * 32)) for number in range(LARGEST_LOOKUP)]
    async with cache_on(valkey) as cache:
        for number in range(0, LARGEST_LOOKUP, 2):
            await stored(cache, server, keys[number], number % 10)
        await server.set(keys[1].raw, b"none of ours")
        before = (await server.info("stats"))["total_reads_processed"]
        predictions = await cache.get(keys, time.perf_counter())
        after = (await server.info("stats"))["total_reads_processed"]
    expected = [None if number % 2 else number % 10 for number in range(LARGEST_LOOKUP)]
    assert [prediction and prediction.digit for prediction in predictions] == expected
    assert after - before <= 5


async def test_a_busy_process_does_not_take_its_own_lateness_for_a_sick_redis(valkey: str, server: "redis.asyncio.Redis") -> None:
    async with cache_on(valkey, budget=BUDGET_SECONDS) as cache:
        await stored(cache, server)
        for _ in range(3):
            lookup = asyncio.create_task(got(cache))
            await asyncio.sleep(0)
            time.sleep(BUDGET_SECONDS + 2 * LATE_SECONDS)  # the event loop does something else for too long
            await lookup
            assert cache.well
        assert await got(cache) is not None


async def test_a_redis_that_comes_back_is_used_again(valkey: str, server: "redis.asyncio.Redis") -> None:
    async with cache_on(valkey, budget=0.2) as cache:
        await stored(cache, server)
        await server.client_pause(1_000)
        assert await got(cache) is None
        assert not cache.well
        await until(lambda: cache.well)
        assert await got(cache) is not None


async def test_a_cancelled_lookup_never_leaves_its_answer_to_another(valkey: str, server: "redis.asyncio.Redis") -> None:
    keys = [RedisKey(None, "digits", "v", bytes([number] * 32)) for number in range(10)]
    async with cache_on(valkey) as cache:
        for digit, key in enumerate(keys):
            await stored(cache, server, key, digit)
        wrong = 0
        for turn in range(300):
            cancelled = asyncio.create_task(got(cache, keys[turn % 10]))
            await asyncio.sleep(0)
            if turn % 2:
                await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            kept = await got(cache, keys[(turn + 1) % 10])
            wrong += kept is not None and kept.digit != (turn + 1) % 10
    assert wrong == 0


def spread(nodes: list[Server]) -> str:
    return f"redis+cluster://{','.join(node.address for node in nodes)}"


@pytest.fixture
def nodes(valkey_cluster: list[Server]) -> list[Server]:
    for node in valkey_cluster:
        node.ask("FLUSHALL")
    return valkey_cluster


async def kept(cache: RedisCache, keys: list[RedisKey]) -> list[bool]:
    return [prediction is not None for prediction in await cache.get(keys, time.perf_counter())]


async def put_and_kept(cache: RedisCache, keys: list[RedisKey]) -> None:
    async with asyncio.timeout(PATIENT_SECONDS):
        while not all(await kept(cache, keys)):
            for key in keys:
                cache.put(key, prediction())
            await asyncio.sleep(0.01)


async def test_a_cluster_keeps_what_was_put_on_all_its_nodes(nodes: list[Server]) -> None:
    keys = [RedisKey(None, "digits", "v", b"{%d}" % number + bytes(29)) for number in range(30)]
    keys += [RedisKey(None, "digits", "v", bytes([number] * 32)) for number in range(30)]
    async with cache_on(spread(nodes)) as cache:
        await put_and_kept(cache, keys)
    assert all(node.ask("DBSIZE") > 10 for node in nodes)
    assert sum(node.ask("DBSIZE") for node in nodes) == len(keys)


async def test_a_purge_of_a_cluster_is_heard(nodes: list[Server]) -> None:
    heard: list[bool] = []
    async with cache_on(spread(nodes), on_purge=lambda: heard.append(True)):
        for node in nodes:
            with suppress(MovedError):
                node.ask("SET", PURGE_KEY, b"1")
        await until(lambda: heard)


async def test_a_silent_node_of_a_cluster_loses_its_own_keys_alone(nodes: list[Server]) -> None:
    keys = [RedisKey(None, "digits", "v", bytes([number] * 32)) for number in range(LARGEST_LOOKUP)]
    here = [key_slot(key.raw) < REDIS_CLUSTER_HASH_SLOTS // 2 for key in keys]
    async with cache_on(spread(nodes), budget=0.2) as cache:
        await put_and_kept(cache, keys)
        nodes[1].ask("CLIENT", "PAUSE", 1_000)
        assert await kept(cache, keys) == here
        assert await kept(cache, keys) == here
        assert cache.well
        assert nodes[1].address in str(cache.failure)
        await until(lambda: cache.failure is None)
        assert all(await kept(cache, keys))

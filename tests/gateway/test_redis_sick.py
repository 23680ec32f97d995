"""A Redis that is away, silent or talks nonsense costs little, only at first, and says once why."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress

import pytest

from gateway.metrics import Metrics
from gateway.redis_cache import BUDGET_SECONDS, RedisCache
from gateway.redis_forms import redis_pipes
from gateway.redis_pipe import LATE_SECONDS
from gateway.signing import Signer
from tests.gateway.test_redis_cache import got
from tests.gateway.torchserve_double import until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

PROMISED_SECONDS = 0.06

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1024):
        pass
    writer.close()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1024):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1024)
    writer.write(b"$44\r\nabc")
    while await reader.read(1024):
        pass
    writer.close()


async def loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(b"-LOADING Redis is loading the dataset in memory\r\n" * data.count(b"*"))
    writer.close()


@pytest.mark.alone
@pytest.mark.parametrize("handler", [None, silent, nonsense, hanging_up, half_an_answer, loading])
async def test_a_sick_redis_costs_little_and_only_at_first(handler: Handler | None) -> None:
    port = free_port()

    async def until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert handler is not None
        with closing(writer), suppress(ConnectionResetError):
            await handler(reader, writer)

    server = None if handler is None else await asyncio.start_server(until_hung_up, "127.0.0.1", port)
    cache = RedisCache(redis_pipes(f"redis://127.0.0.1:{port}/0"), Signer(b"s" * 32), Metrics(), 1_000, lambda: None)
    try:
        started = time.perf_counter()
        assert await got(cache) is None
        assert time.perf_counter() - started <= PROMISED_SECONDS + 0.1
        assert not cache.well
        assert cache.failure
        started = time.perf_counter()
        for _ in range(1_000):
            assert await got(cache) is None
        assert time.perf_counter() - started <= 0.2
    finally:
        await cache.close()
        if server is not None:
            server.close()


async def test_a_busy_process_does_not_excuse_a_silent_redis_for_long() -> None:
    server = await asyncio.start_server(silent, "127.0.0.1", port := free_port())
    cache = RedisCache(redis_pipes(f"redis://127.0.0.1:{port}/0"), Signer(b"s" * 32), Metrics(), 1_000, lambda: None)
    try:
        for _ in range(20):
            lookup = asyncio.create_task(got(cache))
            await asyncio.sleep(0)
            time.sleep(BUDGET_SECONDS + 2 * LATE_SECONDS)
            await lookup
        assert not cache.well
    finally:
        await cache.close()
        server.close()


async def test_the_budget_leaves_room_below_the_promise() -> None:
    assert BUDGET_SECONDS < PROMISED_SECONDS


class Failing:
    """A way to a Redis that fails as it is told to."""

    missing: str | None = None

    def __init__(self, failures: list[Exception]) -> None:
        self._failures = failures

    async def open(self, seconds: float) -> None:
        raise self._failures[0] if len(self._failures) == 1 else self._failures.pop(0)

    async def run(self, commands: object, seconds: float) -> list[object]:
        raise AssertionError("it was never opened")

    def close(self) -> None:
        """Nothing was opened."""


@pytest.mark.parametrize("first", [[], [TimeoutError()]], ids=["at once", "late first"])
async def test_why_redis_fails_is_said_once_also_where_it_was_merely_late_at_first(
    first: list[Exception], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.redis_cache.PROBE_SECONDS", 0.001)
    failures = [*first, OSError("no such host"), TimeoutError(), OSError("no such host"), OSError("the last")]
    cache = RedisCache(lambda: Failing(failures), Signer(b"s" * 32), Metrics(), 1_000, lambda: None)
    watching = asyncio.create_task(cache.watch())
    await until(lambda: cache.failure == "OSError: the last")
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    said = [f"redis is not answering ({words}); going on without it" for words in ("TimeoutError", "OSError: no such host")]
    assert caplog.messages == said[-1 - len(first) :]

"""What happens beside the served version: a candidate looks on, or has its share, and nobody who asks is told when it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import numpy as np
import pytest
import redis.asyncio
from numpy.typing import NDArray

from gateway.answer_text import told
from gateway.contract import ANY_USE, Answer, CacheState, CacheUse
from gateway.local_cache import LocalCache
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.prediction import Predictor
from gateway.reading import PictureReader
from gateway.redis_cache import RedisCache
from gateway.redis_forms import redis_pipes
from gateway.shadow import MOST_WAITING
from gateway.signing import Signer
from gateway.stage import Stage
from gateway.versions import ModelWatch
from tests.gateway.conftest import digit_png
from tests.gateway.torchserve_double import (
    INFERENCE_URL,
    MANAGEMENT_URL,
    VERSION,
    TorchServeDouble,
    known_digits,
    logits_for,
    misreads,
    until,
)

pytestmark = pytest.mark.anyio

OTHER = "000000000001"
SHADOW = Stage.first("digits").shadow(OTHER, VERSION)
HALF = SHADOW.share(50)


@dataclass(frozen=True)
class Beside:
    """A predictor on VERSION, with OTHER beside it."""

    predictor: Predictor
    watch: ModelWatch
    metrics: Metrics

    async def ask(self, digit: int, use: CacheUse = ANY_USE) -> Answer:
        return await self.predictor.predict(digit_png(digit), use)

    async def ask_all(self) -> list[Answer]:
        return await asyncio.gather(*(self.ask(digit) for digit in range(10)))

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def beside(
    torchserve: TorchServeDouble, stage: Stage, *, redis_url: str | None = None, candidate_seconds: float = 5.0, queue_pictures: int = 10
) -> AsyncIterator[Beside]:
    torchserve.versions = [VERSION, OTHER]
    metrics = Metrics()
    client = ModelClient(metrics, 5.0, torchserve.transport())
    watch = ModelWatch(client, ((INFERENCE_URL, MANAGEMENT_URL),), known_digits(), metrics)
    watch.follow(stage)
    await watch.look()
    await watch.prove()
    torchserve.read_by.clear()
    cache = None if redis_url is None else RedisCache(redis_pipes(redis_url), Signer(b"s" * 32), metrics, 1_000, lambda: None, 5.0)
    local = LocalCache(2**20, 1_000)
    predictor = Predictor(
        PictureReader(10_000),
        local,
        cache,
        client,
        watch,
        metrics,
        queue_pictures=queue_pictures,
        candidate_seconds=candidate_seconds,
        tell=told,
    )
    try:
        yield Beside(predictor, watch, metrics)
    finally:
        await predictor.close()
        if cache is not None:
            await cache.close()
        await client.close()


def versions(answers: list[Answer]) -> set[str]:
    return {answer.model.version for answer in answers}


async def test_what_a_candidate_reads_otherwise_is_counted_and_not_answered(torchserve: TorchServeDouble) -> None:
    async with beside(torchserve, SHADOW) as stack:
        torchserve.answers[OTHER] = misreads
        answers = await stack.ask_all()
        assert [answer.content.digit for answer in answers] == list(range(10))
        assert versions(answers) == {VERSION}
        await until(lambda: stack.value("gateway_shadow_total", outcome="compared") == 10)
        assert stack.value("digits_shadow_total", digit="3", candidate_digit="4", model_version=OTHER) == 1
        assert stack.value("digits_shadow_total", digit="3", candidate_digit="3", model_version=OTHER) == 0
        assert stack.value("gateway_shadow_duration_seconds_count") == 1
        again = await stack.ask_all()
        assert {answer.cache for answer in again} == {CacheState.HIT}
        assert [answer.content.digit for answer in again] == list(range(10))


async def test_the_cells_of_a_comparison_are_there_before_anything_was_compared(torchserve: TorchServeDouble) -> None:
    async with beside(torchserve, SHADOW) as stack:
        cells = [sample for metric in stack.metrics.shadow.collect() for sample in metric.samples if sample.name.endswith("_total")]
        assert len(cells) == 100
        assert stack.metrics.registry.get_sample_value("gateway_candidate_ratio", {"model_version": OTHER}) == 0
        assert stack.metrics.registry.get_sample_value("digits_baseline_accuracy_ratio", {"model_version": OTHER})
        stack.watch.follow(SHADOW.rollback())
        assert stack.metrics.registry.get_sample_value("gateway_candidate_ratio", {"model_version": OTHER}) is None


async def test_nobody_waits_for_a_candidate_that_hangs_and_too_many_pictures_are_dropped(torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()

    async def hang(pixels: NDArray[np.uint8]) -> httpx.Response:
        await gate.wait()
        return httpx.Response(503)

    async with beside(torchserve, SHADOW) as stack:
        torchserve.answers[OTHER] = hang
        for _ in range(MOST_WAITING // 10 + 10):
            answers = await asyncio.gather(*(stack.ask(digit, CacheUse(read=False, write=False)) for digit in range(10)))
            assert versions(answers) == {VERSION}
        await until(lambda: stack.value("gateway_shadow_total", outcome="dropped") > 0)
        gate.set()
        await until(lambda: stack.value("gateway_shadow_total", outcome="failed") > 0)


async def test_what_a_candidate_read_is_cached_under_its_own_version_alone(torchserve: TorchServeDouble, valkey: str) -> None:
    async with redis.asyncio.Redis.from_url(valkey) as server, beside(torchserve, SHADOW, redis_url=valkey) as stack:
        await server.flushall()
        await stack.ask(7)
        await stack.ask(8, CacheUse(write=False))
        async with asyncio.timeout(20):
            while await server.dbsize() < 2:
                await asyncio.sleep(0.005)
        await until(lambda: stack.value("gateway_shadow_total", outcome="compared") == 2)
        kept = [key async for key in server.scan_iter("digits:*")]
        assert {key.split(b":", 4)[3].decode() for key in kept} == {VERSION, OTHER}
        stack.watch.follow(SHADOW.share(100))
        answer = await stack.ask(7)
        assert (answer.model.version, answer.cache) == (OTHER, CacheState.HIT)


async def test_a_fault_of_ours_while_it_looks_on_is_counted_as_failed_and_logged(
    torchserve: TorchServeDouble, caplog: pytest.LogCaptureFixture
) -> None:
    async def fault(pixels: NDArray[np.uint8]) -> httpx.Response:
        raise TypeError("a fault")

    async with beside(torchserve, SHADOW) as stack:
        torchserve.answers[OTHER] = fault
        await stack.ask_all()
        await until(lambda: stack.value("gateway_shadow_total", outcome="failed") == 10)
    assert "a fault" in caplog.text


async def test_equal_uploads_get_equal_versions_each_from_its_own_cache(torchserve: TorchServeDouble) -> None:
    async with beside(torchserve, HALF) as stack:
        first, again = await stack.ask_all(), await stack.ask_all()
        assert versions(first) == {VERSION, OTHER}
        assert [answer.model.version for answer in first] == [answer.model.version for answer in again]
        assert {answer.cache for answer in again} == {CacheState.HIT}
        assert [stack.predictor.at_hand(digit_png(digit)).model.version for digit in range(10)] == [a.model.version for a in first]
        stack.watch.follow(HALF.rollback())
        back = await stack.ask_all()
        assert versions(back) == {VERSION}
        for before, after in zip(first, back, strict=True):
            assert after.cache == (CacheState.HIT if before.model.version == VERSION else CacheState.MISS)


async def gone(pixels: NDArray[np.uint8]) -> httpx.Response:
    return httpx.Response(404)


async def without_workers(pixels: NDArray[np.uint8]) -> httpx.Response:
    return httpx.Response(503)


async def nonsense(pixels: NDArray[np.uint8]) -> httpx.Response:
    return httpx.Response(200, content=b"logits")


async def unreachable(pixels: NDArray[np.uint8]) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize("fails", [gone, without_workers, nonsense, unreachable])
async def test_where_a_candidate_fails_the_served_version_answers_and_the_candidate_is_out(
    torchserve: TorchServeDouble, fails: Callable[[NDArray[np.uint8]], Awaitable[httpx.Response]]
) -> None:
    async with beside(torchserve, SHADOW.share(100)) as stack:
        torchserve.answers[OTHER] = fails
        answers = await stack.ask_all()
        assert [answer.content.digit for answer in answers] == list(range(10))
        assert versions(answers) == {VERSION}
        assert stack.watch.sharing is None
        assert {answer.cache for answer in await stack.ask_all()} == {CacheState.HIT}


async def test_a_candidate_that_hangs_leaves_time_for_the_served_version(torchserve: TorchServeDouble) -> None:
    async def hang(pixels: NDArray[np.uint8]) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(503)

    async with beside(torchserve, HALF, candidate_seconds=0.05) as stack:
        torchserve.answers[OTHER] = hang
        async with asyncio.timeout(1):
            answers = await stack.ask_all()
        assert versions(answers) == {VERSION}
        assert stack.watch.sharing is None


async def test_where_the_queue_to_a_candidate_is_full_the_served_version_answers_and_nobody_is_doubted(
    torchserve: TorchServeDouble,
) -> None:
    gate = asyncio.Event()

    async def slow(pixels: NDArray[np.uint8]) -> httpx.Response:
        await gate.wait()
        return httpx.Response(200, content=logits_for(pixels).astype("<f4").tobytes())

    def has_read(count: int) -> bool:
        return len(torchserve.read_by.get(OTHER, ())) >= count

    async with beside(torchserve, SHADOW.share(100), queue_pictures=1) as stack:
        torchserve.answers[OTHER] = slow
        bypass = CacheUse(read=False, write=False)
        asking = []
        for digit in (1, 2):
            asking.append(asyncio.create_task(stack.ask(digit, bypass)))
            await until(partial(has_read, digit))
        asking.append(asyncio.create_task(stack.ask(3, bypass)))
        await until(lambda: stack.predictor._beside.depth == 1)
        answer = await stack.ask(7, bypass)
        gate.set()
        assert (answer.content.digit, answer.model.version) == (7, VERSION)
        assert versions(await asyncio.gather(*asking)) == {OTHER}
        assert stack.watch.sharing is not None
        assert stack.value("gateway_shed_total", reason="queue_full") == 0


async def test_who_asks_for_a_version_that_is_rolled_back_meanwhile_is_answered(torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()

    async def killed(pixels: NDArray[np.uint8]) -> httpx.Response:
        await gate.wait()
        raise httpx.ConnectError("refused")

    async with beside(torchserve, SHADOW.share(100)) as stack:
        stack.watch.follow(SHADOW.share(100).promote())
        torchserve.answers[OTHER] = killed
        asking = [asyncio.create_task(stack.ask(digit)) for digit in range(10)]
        await until(partial(torchserve.read_by.get, OTHER))
        stack.watch.follow(SHADOW.share(100).promote().rollback())
        gate.set()
        answers = await asyncio.gather(*asking)
        assert [answer.content.digit for answer in answers] == list(range(10))
        assert versions(answers) == {VERSION}

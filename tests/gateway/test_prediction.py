import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis.asyncio

from gateway.answer_text import told
from gateway.contract import CacheState, CacheUse, ModelVersion
from gateway.errors import Problem
from gateway.local_cache import LocalCache
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.prediction import Predictor, Unknown
from gateway.reading import PictureReader
from gateway.redis_cache import RedisCache
from gateway.redis_forms import redis_pipes
from gateway.seams import RedisKey, VersionGone
from gateway.signing import Signer
from gateway.underway import Underway
from gateway.versions import ModelWatch
from tests.gateway.conftest import digit_png, picture
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_digits, known_to_another

pytestmark = pytest.mark.anyio

PATIENT_SECONDS = 5.0


@asynccontextmanager
async def predicting(torchserve: TorchServeDouble, *, redis_url: str | None = None, local_bytes: int = 0) -> AsyncIterator[Predictor]:
    """On a version that was adopted, without an in-process cache unless it has room."""
    metrics = Metrics()
    client = ModelClient(metrics, 2.0, torchserve.transport())
    watch = ModelWatch(client, ((INFERENCE_URL, MANAGEMENT_URL),), None if torchserve.own else known_digits(), metrics)
    await watch.look()
    torchserve.pictures.clear()
    cache = None
    if redis_url is not None:
        cache = RedisCache(redis_pipes(redis_url), Signer(b"s" * 32), metrics, 1_000, lambda: None, PATIENT_SECONDS)
    local = LocalCache(local_bytes, 1_000)
    predictor = Predictor(PictureReader(10_000), local, cache, client, watch, metrics, queue_pictures=10, tell=told)
    try:
        yield predictor
    finally:
        await predictor.close()
        if cache is not None:
            await cache.close()
        await client.close()


async def test_equal_pictures_in_flight_share_one_answer_and_whoever_leaves_takes_nothing_from_the_others(
    torchserve: TorchServeDouble,
) -> None:
    gate = asyncio.Event()
    async with predicting(torchserve) as predictor:
        torchserve.before_answer = gate.wait
        asking = [asyncio.create_task(predictor.predict(digit_png(7), CacheUse())) for _ in range(5)]
        await asyncio.sleep(0.01)
        asking[0].cancel()
        gate.set()
        answers = await asyncio.gather(*asking[1:])
        assert len(torchserve.pictures) == 1
        assert {answer.content.digit for answer in answers} == {7}
        assert [answer.cache for answer in answers] == [CacheState.COALESCED] * 4
        assert len(predictor._flights) == 0


async def test_whoever_asks_while_an_answer_lands_shares_it(torchserve: TorchServeDouble) -> None:
    async with predicting(torchserve, local_bytes=2**20) as predictor:
        asking = [asyncio.create_task(predictor.predict(digit_png(7), CacheUse()))]
        async with asyncio.timeout(20):
            while not asking[0].done():  # one comes in each turn of the loop
                asking.append(asyncio.create_task(predictor.predict(digit_png(7), CacheUse())))
                await asyncio.sleep(0)
        answers = await asyncio.gather(*asking)
        assert len(torchserve.pictures) == 1
        assert {answer.content.digit for answer in answers} == {7}
        assert len(predictor._flights) == 0


async def test_a_picture_that_all_had_left_is_asked_for_anew(torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with predicting(torchserve) as predictor:
        torchserve.before_answer = gate.wait
        leaving = [asyncio.create_task(predictor.predict(digit_png(7), CacheUse())) for _ in range(3)]
        await asyncio.sleep(0.01)
        for each in leaving:
            each.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert len(predictor._flights) == 0
        gate.set()
        answer = await predictor.predict(digit_png(7), CacheUse())
        assert (answer.content.digit, answer.cache) == (7, CacheState.MISS)


async def test_a_failure_is_shared_and_not_remembered(torchserve: TorchServeDouble) -> None:
    async with predicting(torchserve) as predictor:
        torchserve.unreachable = True
        results = await asyncio.gather(*(predictor.predict(digit_png(7), CacheUse()) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(result, Problem) for result in results)
        torchserve.unreachable = False
        assert (await predictor.predict(digit_png(7), CacheUse())).content.digit == 7


async def test_what_is_not_at_hand_is_read_at_the_side_that_the_model_takes() -> None:
    async with predicting(TorchServeDouble(own=known_to_another())) as predictor:
        unknown = predictor.at_hand(digit_png(7))
        assert isinstance(unknown, Unknown)
        assert (await predictor.read(unknown)).content.digit == 2


async def test_concurrent_lookups_travel_together(torchserve: TorchServeDouble, valkey: str) -> None:
    async with redis.asyncio.Redis.from_url(valkey) as server, predicting(torchserve, redis_url=valkey) as predictor:
        await server.flushall()
        for digit in range(10):
            await predictor.predict(digit_png(digit), CacheUse())
        async with asyncio.timeout(20):
            while await server.dbsize() < 10:
                await asyncio.sleep(0.005)
        before = (await server.info("stats"))["total_reads_processed"]
        answers = await asyncio.gather(*(predictor.predict(digit_png(digit), CacheUse()) for digit in range(10)))
        after = (await server.info("stats"))["total_reads_processed"]
    assert [answer.content.digit for answer in answers] == list(range(10))
    assert {answer.cache for answer in answers} == {CacheState.HIT}
    assert after - before <= 3


async def test_in_a_batch_around_a_switch_the_version_that_has_gone_fails_alone(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    client = ModelClient(metrics, 2.0, torchserve.transport())
    watch = ModelWatch(client, (), known_digits(), metrics)
    predictor = Predictor(PictureReader(10_000), LocalCache(0, 1), None, client, watch, metrics, queue_pictures=10, tell=told)
    gone, served = (ModelVersion("digits", version, INFERENCE_URL, MANAGEMENT_URL, {}) for version in ("000000000001", VERSION))
    pictures = [
        Underway(RedisKey(None, "digits", model.version, bytes([digit])), model, picture(digit), CacheState.MISS, remember=True)
        for model, digit in ((gone, 1), (served, 2), (gone, 3))
    ]
    waiting = [each.wait() for each in pictures]
    await predictor._compute(pictures)
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(first, VersionGone)
    assert isinstance(third, VersionGone)
    assert not isinstance(second, BaseException)
    assert second.prediction.digit == 2
    await predictor.close()
    await client.close()

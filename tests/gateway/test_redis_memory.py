"""What a cached answer costs, by the server's own reckoning, on the servers that people run."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from gateway.contract import Prediction
from gateway.embedded.redis_server import redis_program
from gateway.metrics import Metrics
from gateway.redis_cache import RedisCache
from gateway.redis_forms import redis_pipes
from gateway.seams import RedisKey
from gateway.signing import Signer
from tests.ports import free_port

pytestmark = pytest.mark.anyio

MOST_BYTES = 250
COUNTS = (20_000, 65_537)
"""Also just past a doubling of the hash table, where the buckets cost most."""

PATIENT_SECONDS = 5.0
[PREDICTION] = Prediction.from_logits(np.arange(10, dtype=np.float32)[None])


@contextmanager
def served_by(program: Path, folder: Path) -> Iterator[str]:
    """The URL of a server of this program."""
    port = free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


async def bytes_an_answer(url: str, count: int) -> float:
    with redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 100)) as client:
        client.flushall()
        cache = RedisCache(redis_pipes(url), Signer(b"s" * 32), Metrics(), 86_400, lambda: None, PATIENT_SECONDS)
        before = int(client.info("memory")["used_memory"])
        for start in range(0, count, 1_000):
            end = min(count, start + 1_000)
            for number in range(start, end):
                cache.put(RedisKey(None, "digits", "ab12cd34ef56", number.to_bytes(32, "big")), PREDICTION)
            async with asyncio.timeout(20):
                while int(client.dbsize()) < end:
                    await asyncio.sleep(0.002)
        await cache.close()
        return (int(client.info("memory")["used_memory"]) - before) / count


@pytest.mark.parametrize("count", COUNTS)
async def test_an_answer_is_small_on_valkey(tmp_path: Path, count: int) -> None:
    with served_by(redis_program(), tmp_path) as url:
        assert await bytes_an_answer(url, count) <= MOST_BYTES


@pytest.mark.system
@pytest.mark.parametrize("count", COUNTS)
async def test_an_answer_is_small_on_redis_7(tmp_path: Path, count: int) -> None:
    program = shutil.which("redis-server")
    assert program, "this test needs Redis 7: apt-get install redis-server"
    with served_by(Path(program), tmp_path) as url:
        assert await bytes_an_answer(url, count) <= MOST_BYTES

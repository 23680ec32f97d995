from functools import partial

import pytest

from gateway.redis_forms import redis_pipes, servers_of
from gateway.redis_pipe import Pipe, RedisPipe
from gateway.redis_sentinel import PrimaryPipe
from tests.gateway.redis_servers import SERVICE, Server
from tests.gateway.resp_server import answering
from tests.ports import free_port

pytestmark = pytest.mark.anyio

SECONDS = 5.0


def spread(nodes: list[Server]) -> str:
    return f"redis+cluster://{','.join(node.address for node in nodes)}"


async def asked(pipe: Pipe) -> list[object]:
    await pipe.open(SECONDS)
    answers = await pipe.run([("SET", "digits:a", "b"), ("GET", "digits:a")], SECONDS)
    pipe.close()
    return answers


async def test_each_form_leads_to_servers_that_answer(valkey: str, valkey_cluster: list[Server]) -> None:
    port = valkey.rpartition(":")[2].partition("/")[0]
    async with answering(lambda _: [b"127.0.0.1", port.encode()]) as [sentinel]:
        watched = f"redis+sentinel://127.0.0.1:{sentinel.port}/{SERVICE}/3"
        for url in (valkey, watched, spread(valkey_cluster)):
            assert await asked(redis_pipes(url)()) == [b"OK", b"b"]
        assert await servers_of(valkey) == [valkey]
        assert await servers_of(watched) == [f"redis://127.0.0.1:{port}/3?"]
        held_by = await servers_of(spread(valkey_cluster[:1]))
    assert sorted(held_by) == sorted(f"redis://{node.address}/0?" for node in valkey_cluster)


async def test_it_is_told_when_nobody_knows_the_servers() -> None:
    for url in (f"redis+sentinel://127.0.0.1:{free_port()}/{SERVICE}", f"redis+cluster://127.0.0.1:{free_port()}"):
        with pytest.raises(ConnectionError, match="no "):
            await servers_of(url)


def test_pipes_are_made_before_anything_is_connected() -> None:
    assert isinstance(redis_pipes("redis://not.there")(), RedisPipe)
    assert isinstance(redis_pipes("redis+sentinel://not.there/digits")(), PrimaryPipe)
    assert redis_pipes("redis+cluster://not.there")().missing is None


def test_a_url_that_cannot_be_used_is_told_at_once() -> None:
    for making in (partial(redis_pipes, "redis+cluster://a/3"), partial(redis_pipes, "localhost:6379")):
        with pytest.raises(ValueError, match=r"it begins with|a cluster has no databases"):
            making()

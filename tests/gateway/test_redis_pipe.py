import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hiredis
import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import AuthenticationError, ResponseError
from redis.retry import Retry

from gateway.embedded.redis_server import redis_program
from gateway.redis_pipe import RedisPipe
from tests.ports import free_port

pytestmark = pytest.mark.anyio


SECONDS = 5.0


def pipe(url: str) -> RedisPipe:
    async def where() -> str:
        return url

    return RedisPipe(where)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port and the socket of a server that wants a password, and knows a user by name too."""
    folder = tmp_path_factory.mktemp("guarded")
    port, path = free_port(), folder / "socket"
    command = [str(redis_program()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command += ["--unixsocket", str(path), "--requirepass", "s3cret", "--user", "reader", "on", ">other", "~*", "+@all"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with redis.Redis(port=port, password="s3cret", retry=Retry(ConstantBackoff(0.05), 100)) as client:
        client.ping()
    yield port, path
    server.terminate()
    server.wait(10)


async def test_commands_are_answered_in_order(valkey: str) -> None:
    to = pipe(valkey)
    await to.run([("SET", b"a", b"\0\r\n$"), ("DEL", "b")], SECONDS)
    first, missing, length, error = await to.run([("GET", "a"), ("GET", b"b"), ("STRLEN", "a"), ("NO",)], SECONDS)
    assert (first, missing, length) == (b"\0\r\n$", None, 4)
    assert isinstance(error, hiredis.HiredisError)
    to.close()


async def test_all_forms_of_an_address_lead_to_the_same_place(guarded: tuple[int, Path]) -> None:
    port, path = guarded
    for number, url in enumerate(
        (
            f"redis://:s3cret@127.0.0.1:{port}/3",
            f"redis://reader:other@127.0.0.1:{port}/3",
            f"unix://{path}?db=3&password=s3cret",
        )
    ):
        to = pipe(url)
        assert await to.run([("INCR", "counted")], SECONDS) == [number + 1]
        to.close()


async def test_who_is_not_let_in_hears_so(guarded: tuple[int, Path]) -> None:
    port, _ = guarded
    with pytest.raises(AuthenticationError):
        await pipe(f"redis://:wrong@127.0.0.1:{port}/0").open(SECONDS)
    with pytest.raises(ResponseError):
        await pipe(f"redis://:s3cret@127.0.0.1:{port}/99").open(SECONDS)


async def test_who_opens_twice_at_a_time_has_one_connection(valkey: str) -> None:
    to = pipe(valkey)
    [before] = await to.run([("CLIENT", "LIST")], SECONDS)
    other = pipe(valkey)
    await asyncio.gather(other.open(SECONDS), other.open(SECONDS), other.open(SECONDS))
    [after] = await to.run([("CLIENT", "LIST")], SECONDS)
    assert isinstance(before, bytes)
    assert isinstance(after, bytes)
    assert after.count(b"\n") == before.count(b"\n") + 1
    to.close()
    other.close()


async def test_a_batch_that_was_given_up_answers_nobody_else(valkey: str) -> None:
    to = pipe(valkey)
    await to.run([("SET", "a", "a"), ("SET", "b", "b")], SECONDS)
    for _ in range(50):
        given_up = asyncio.create_task(to.run([("GET", "a")], SECONDS))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        assert await to.run([("GET", "b")], SECONDS) == [b"b"]
    to.close()


@pytest.mark.parametrize("words", [b"", b"$44\r\nabc", b"nonsense\r\n", b"+OK\r\n+OK\r\n"], ids=["nothing", "half", "nonsense", "too much"])
async def test_what_is_no_answer_is_an_error_and_the_connection_is_left(words: bytes) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with closing(writer):
            await reader.read(1024)
            writer.write(words)

    server = await asyncio.start_server(serve, "127.0.0.1", port := free_port())
    to = pipe(f"redis://127.0.0.1:{port}/0")
    for _ in range(2):
        with pytest.raises((OSError, hiredis.HiredisError)):
            await to.run([("GET", "a")], SECONDS)
    assert connections == 2
    server.close()

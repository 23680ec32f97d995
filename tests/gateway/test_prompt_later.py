"""Answers that take time come in their turn, whoever leaves meanwhile, and none of their connections is left behind."""

import asyncio
import gc
import weakref

import pytest

from gateway.prompt import MOST_PIPELINED
from tests.gateway.prompt_server import AS_THE_GATEWAY_RUNS, ASKED, AT_ONCE, IN_TIME, LATER, TO_BE_ASKED, UNREAD, USUAL, sent, serving, told

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return AS_THE_GATEWAY_RUNS


@pytest.mark.parametrize("behind", [b"", UNREAD])
async def test_a_connection_goes_on_after_what_came_too_early(behind: bytes) -> None:
    """Reading stops where a request must wait for its turn, and begins again even where nobody has read that one."""
    async with serving() as it:
        reader, writer = await sent(it, LATER, behind)
        it.may_go_on.set()
        assert (await told(reader))[1] == IN_TIME
        if behind:
            assert (await told(reader))[1] == ASKED
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()


async def test_an_answer_that_takes_time_comes_in_its_turn_and_the_connection_goes_on() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER, USUAL, TO_BE_ASKED)
        await asyncio.sleep(0.05)
        assert not it.asked
        it.may_go_on.set()
        assert [(await told(reader))[1] for _ in range(3)] == [IN_TIME, ASKED, ASKED]
        for again, says in ((LATER, IN_TIME), (USUAL, AT_ONCE), (LATER, IN_TIME)):
            writer.write(again)
            assert (await told(reader))[1] == says
        writer.close()


@pytest.mark.parametrize("behind", [b"", USUAL, USUAL + b"nonsense\r\n\r\n"])
async def test_who_leaves_before_the_answer_is_no_trouble(behind: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as it:
        _, writer = await sent(it, LATER, behind)
        writer.transport.abort()
        assert it.server is not None
        async with asyncio.timeout(20):
            while not behind and it.server.server_state.connections:  # else nothing is read, and so nobody's leaving is seen
                await asyncio.sleep(0.005)
        it.may_go_on.set()
        async with asyncio.timeout(20):
            while it.server.server_state.tasks:
                await asyncio.sleep(0.005)
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(LATER)
        assert (await told(reader))[1] == IN_TIME
        writer.close()
    gc.collect()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_is_left_of_a_connection_goes_with_it() -> None:
    async with serving(keep_alive_seconds=60) as it:
        assert it.server is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        await told(reader)
        (connection,) = map(weakref.ref, it.server.server_state.connections)
        writer.close()
        async with asyncio.timeout(20):
            while it.server.server_state.connections:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0)
        gc.collect()
        assert connection() is None


async def test_few_requests_may_be_sent_ahead_of_their_answers() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER, USUAL * (MOST_PIPELINED + 1))
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_a_server_that_waits_no_longer_closes_what_has_no_answer() -> None:
    async with serving(graceful_seconds=1) as it:
        reader, writer = await sent(it, LATER)
        assert it.server is not None
        it.server.should_exit = True
        assert await reader.read() == b""
        writer.close()


async def test_a_server_that_is_told_to_stop_answers_what_it_took() -> None:
    async with serving() as it:
        reader, writer = await sent(it, LATER)
        assert it.server is not None
        it.server.should_exit = True
        await asyncio.sleep(0.3)
        it.may_go_on.set()
        head, body = await told(reader)
        assert b"\r\nconnection: close\r\n" in head
        assert body == IN_TIME
        assert await reader.read() == b""
        writer.close()


async def test_a_connection_without_an_answer_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as it:
        it.fails = True
        reader, writer = await sent(it, LATER)
        it.may_go_on.set()
        assert await reader.read() == b""
        writer.close()
    assert "a request has no answer" in caplog.text

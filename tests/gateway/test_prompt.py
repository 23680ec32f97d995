"""Plain requests whose answer is at hand get it at once, all others reach the application whole, and answers keep their order."""

import asyncio
from contextlib import suppress

import pytest

from tests.gateway.prompt_server import AS_THE_GATEWAY_RUNS, ASKED, AT_ONCE, IN_TIME, LARGE, LATER, TO_BE_ASKED, USUAL, serving, told
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return AS_THE_GATEWAY_RUNS


async def test_what_is_at_hand_is_answered_without_the_application_and_the_connection_goes_on() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for _ in range(3):
            writer.write(USUAL)
            head, body = await told(reader)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\ndate: " in head
            assert body == AT_ONCE
        writer.close()
        assert it.answered == [([(b"host", b"x"), (b"content-length", b"3")], b"abc")] * 3
        assert not it.asked


async def test_what_is_not_at_hand_reaches_the_application_whole() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for sent, says in ((TO_BE_ASKED, ASKED), (USUAL, AT_ONCE), (TO_BE_ASKED, ASKED)):
            writer.write(sent)
            assert (await told(reader))[1] == says
        writer.close()
        assert it.asked == [("POST /known", b"xyz")] * 2


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (b"GET /known HTTP/1.1", b""),
        (b"POST /known?model=x HTTP/1.1", b""),
        (b"POST /other HTTP/1.1", b""),
        (b"POST /known HTTP/1.0", b""),
        (b"POST /known HTTP/1.1", b"Connection: close\r\n"),
        (b"POST /known HTTP/1.1", b"Expect: 100-continue\r\n"),
        (b"POST /known HTTP/1.1", b"Connection: upgrade\r\nUpgrade: other\r\n"),
    ],
)
async def test_a_request_that_is_not_the_usual_one_is_the_application_s(line: bytes, header: bytes) -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(line + b"\r\nHost: x\r\n" + header + b"Content-Length: 3\r\n\r\nabc")
        await reader.readuntil(ASKED)
        writer.close()
        assert not it.answered
        assert len(it.asked) == 1


async def test_a_body_that_comes_in_pieces_is_the_application_s() -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL[:-2])
        await asyncio.sleep(0.05)
        writer.write(USUAL[-2:])
        assert (await told(reader))[1] == ASKED
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()


async def test_answers_keep_the_order_of_their_requests() -> None:
    async with serving() as it:
        it.may_go_on.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL + TO_BE_ASKED + USUAL + USUAL)
        assert (await told(reader))[1] == AT_ONCE
        await until(lambda: it.asked)
        it.may_go_on.set()
        assert [(await told(reader))[1] for _ in range(3)] == [ASKED] * 3  # each after it waits for its turn
        writer.write(USUAL)
        assert (await told(reader))[1] == AT_ONCE
        writer.close()


async def test_who_does_not_read_is_not_written_to_without_end() -> None:
    async with serving() as it:
        _, writer = await asyncio.open_connection("127.0.0.1", it.port, limit=1)
        for number in range(1_000):  # 64 MB
            writer.write(LARGE)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while len(it.answered) <= number:
                        await asyncio.sleep(0.0005)
            if len(it.answered) <= number:
                break
        else:
            pytest.fail("nobody read, and all was written")
        writer.transport.abort()


async def test_a_connection_that_was_answered_is_closed_when_it_is_idle_for_long() -> None:
    async with serving(keep_alive_seconds=1) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        await told(reader)
        assert await reader.read() == b""
        writer.close()


async def test_a_connection_is_idle_only_while_nothing_is_asked() -> None:
    async with serving(keep_alive_seconds=1) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        for request, says in ((USUAL, AT_ONCE), (TO_BE_ASKED, ASKED)):
            writer.write(request)
            assert (await told(reader))[1] == says
            await asyncio.sleep(0.6)
        it.may_go_on.clear()
        writer.write(USUAL + LATER)
        assert (await told(reader))[1] == AT_ONCE
        await asyncio.sleep(1.5)  # longer than it may be idle
        it.may_go_on.set()
        assert (await told(reader))[1] == IN_TIME
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("nonsense", [b"Transfer-Encoding: chunked\r\n\r\nno length\r\n", b"Content-Length: 3, 4\r\n\r\nabc"])
async def test_what_is_no_request_is_refused(nonsense: bytes) -> None:
    async with serving() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(b"POST /known HTTP/1.1\r\nHost: x\r\n" + nonsense)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        assert not it.answered
        assert not it.asked


async def test_a_fault_on_the_short_way_is_answered_on_the_usual_one() -> None:
    async with serving() as it:
        it.broken = True
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(USUAL)
        assert (await told(reader))[1] == ASKED
        writer.close()

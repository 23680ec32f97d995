"""Calls of one turn of the event loop run together in the next one, and what they are for: requests and answers of one turn."""

import asyncio
from dataclasses import dataclass, field

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from gateway.prompt import Headers, Prompt, PromptProtocol
from gateway.together import Together
from tests.gateway.prompt_server import AT_ONCE, USUAL, saying
from tests.gateway.test_corked import Written

pytestmark = pytest.mark.anyio


async def test_calls_run_in_their_order_in_the_next_turn_and_once() -> None:
    ran: list[str] = []
    calls = Together(ran.append)
    for turn in ("first", "second"):
        ran.clear()
        for name in ("a", "b", "c"):
            calls.add(f"{turn} {name}")
        assert ran == []
        await asyncio.sleep(0)
        assert ran == [f"{turn} a", f"{turn} b", f"{turn} c"]


async def test_they_can_be_run_at_once() -> None:
    ran: list[str] = []
    calls = Together(ran.append)
    calls.add("a")
    calls.run()
    assert ran == ["a"]
    calls.add("b")
    await asyncio.sleep(0)
    assert ran == ["a", "b"]


async def test_what_one_adds_has_its_turn_after_them() -> None:
    ran: list[str] = []

    def step(name: str) -> None:
        ran.append(name)
        if name == "a":
            calls.add("c")

    calls = Together(step)
    calls.add("a")
    calls.add("b")
    await asyncio.sleep(0)
    assert ran == ["a", "b"]
    await asyncio.sleep(0)
    assert ran == ["a", "b", "c"]


async def test_one_that_fails_is_logged_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def step(name: str) -> None:
        if name == "b":
            raise RuntimeError("broken")
        ran.append(name)

    calls = Together(step)
    for name in ("a", "b", "c"):
        calls.add(name)
    await asyncio.sleep(0)
    assert ran == ["a", "c"]
    assert "broken" in caplog.text


class Connected(Written):
    """A transport that tells what it is given in the list of all that happens."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__()
        self.happened = happened

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        self.happened.append("written")


@dataclass
class Serving:
    """Connections of one server that knows every answer, and what happens on them."""

    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kind = PromptProtocol.of("/known", self._answering)
        self._config = uvicorn.Config(self._application, interface="asgi3", lifespan="off", log_config=None)
        self._config.load()

    def connect(self) -> tuple[PromptProtocol, Connected]:
        protocol, transport = self._kind(config=self._config, server_state=ServerState(), app_state={}), Connected(self.happened)
        protocol.connection_made(transport)
        return protocol, transport

    def _answering(self, headers: Headers, body: bytes) -> Prompt:
        self.happened.append("asked")
        return saying(AT_ONCE)

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("all answers are at hand")


async def test_requests_of_one_turn_are_parsed_together_and_answers_of_one_turn_written_together() -> None:
    serving = Serving()
    connections = [serving.connect() for _ in range(3)]
    for protocol, _ in connections:
        protocol.data_received(USUAL)
    assert serving.happened == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert serving.happened == ["asked"] * 3 + ["written"] * 3
    assert all(transport.words[0].endswith(AT_ONCE) for _, transport in connections)
    for protocol, _ in connections:
        protocol.connection_lost(None)


async def test_a_request_that_has_arrived_is_answered_though_the_server_stops_in_that_turn() -> None:
    serving = Serving()
    protocol, transport = serving.connect()
    protocol.data_received(USUAL)
    protocol.shutdown()
    assert [word.endswith(AT_ONCE) for word in transport.words] == [True, False]
    assert transport.words[-1] == b"closed"
    protocol.connection_lost(None)


async def test_a_request_that_has_arrived_is_answered_though_its_connection_was_idle_for_long() -> None:
    serving = Serving()
    protocol, transport = serving.connect()
    protocol.data_received(USUAL)
    protocol.timeout_keep_alive_handler()
    await asyncio.sleep(0)
    assert transport.words[0].endswith(AT_ONCE)
    assert not transport.is_closing()
    protocol.connection_lost(None)


async def test_nobody_is_asked_what_arrived_on_a_connection_that_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    serving = Serving()
    protocol, transport = serving.connect()
    protocol.data_received(USUAL)
    transport.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert serving.happened == []
    assert transport.words == [b"closed"]
    assert not caplog.text
    protocol.connection_lost(None)

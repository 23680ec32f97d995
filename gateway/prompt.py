"""Plain requests are answered ahead of ASGI: at once where the answer is at hand, else in a task of their own, and in one write.

What arrives in one turn of the event loop is parsed together, and answers that are ready in one turn are written together.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.corked import CorkedProtocol, CorkedTransport
from gateway.together import Together

log = logging.getLogger(__name__)

CLOSE = b"connection: close\r\n"
MOST_PIPELINED = 100
"""Requests that wait for their turn on one connection. Each takes some kilobytes, and hardly any client sends two."""

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""


class Prompt(NamedTuple):
    """A whole answer."""

    status: int
    head: bytes
    """Header lines, each with its end."""
    body: bytes


Answering = Callable[[Headers, bytes], Prompt | Coroutine[Any, Any, Prompt] | None]
"""Headers and body of a POST to the answer, or to one to wait for; None: this is the application's."""


class PromptProtocol(CorkedProtocol):
    """uvicorn's own, which asks `answering` first where a whole POST to `path` arrives at once, and goes its usual way otherwise.

    Its usual way is for a request that must wait for its turn, for one that wants another connection or a word before its body, and for
    one whose client is slow to read or to send.
    """

    path: bytes
    answering: Answering
    arrived: "Together[PromptProtocol, bytes]"
    """What is to be parsed, of all connections."""
    told: Together[CorkedTransport]
    """Connections whose answers are to be written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[bytes] | None = None
        """The body of a request that is not uvicorn's yet."""

        self._idle_since: float | None = None
        """None: a request is being read or answered."""

    @classmethod
    def of(cls, path: str, answering: Answering) -> "type[PromptProtocol]":
        """The protocol of a server whose POSTs to `path` may be answered at once."""
        told, arrived = Together(CorkedTransport.flush), Together(cls._parse)
        return type(cls.__name__, (cls,), {"path": path.encode(), "answering": staticmethod(answering), "arrived": arrived, "told": told})

    def data_received(self, data: bytes) -> None:
        self.arrived.add(self, data)

    def shutdown(self) -> None:
        self.arrived.run()  # a request that is here is not an idle connection
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:  # which would keep all this in memory
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def on_message_begin(self) -> None:
        """Without the scope, which uvicorn makes here and most requests need not have."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        self._idle_since = None
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("too many requests are sent ahead of their answers")  # uvicorn answers 400 and closes
        if self.url == self.path and self._is_usual():
            self._held = []
        else:
            self._go_the_usual_way()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
        else:
            self._held.append(body)

    def on_message_complete(self) -> None:
        if self._held is not None:
            answer = self._answer(b"".join(self._held))
            if answer is not None:
                self._held = None
                if isinstance(answer, Prompt):
                    self._tell(answer)
                else:
                    self._wait(answer)
                return
            self._hand_on()
        super().on_message_complete()

    # uvicorn makes and unmakes a timer for each request; here one looks, when it is due, since when nothing was asked

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        self.arrived.run()
        self.timeout_keep_alive_task = None
        if self._idle_since is None or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_after(left)
        else:
            self.transport.close()

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _look_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _parse(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._held is not None:  # its body is still to come
            self._hand_on()

    def _answer(self, body: bytes) -> Prompt | Coroutine[Any, Any, Prompt] | None:
        try:
            return self.answering(self.headers, body)
        except Exception:  # the parser that calls this would call the request none
            log.exception("a request that may have been answered at once goes the usual way")
            return None

    def _is_usual(self) -> bool:
        return (
            self.parser.get_method() == b"POST"
            and getattr(self.cycle, "response_complete", True)  # before the first request there is no cycle
            and not self.expect_100_continue
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.flow.write_paused
        )

    def _hand_on(self) -> None:
        held, self._held = self._held, None
        if self.transport.is_closing():  # what was read is no HTTP
            return
        self._go_the_usual_way()
        for part in held or ():
            super().on_body(part)

    def _go_the_usual_way(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        self.scope["headers"] = headers
        super().on_headers_complete()

    def _wait(self, answer: Coroutine[Any, Any, Prompt]) -> None:
        pending = _Pending()
        self.cycle = cast(RequestResponseCycle, pending)
        pending.task = self.loop.create_task(self._tell_later(pending, answer))
        self.tasks.add(pending.task)

    async def _tell_later(self, pending: "_Pending", answer: Coroutine[Any, Any, Prompt]) -> None:
        try:
            told = await answer
        except asyncio.CancelledError:  # the server ends, and waits no longer
            self.transport.close()
            raise
        except Exception:  # who answers answers its own faults too; nobody may wait for ever where it does not
            log.exception("a request has no answer")
            self.transport.close()
            return
        finally:
            self.tasks.discard(pending.task)
        pending.response_complete = True
        if not pending.disconnected and not self.transport.is_closing():
            self._tell(told, keep_alive=pending.keep_alive)

    def _tell(self, answer: Prompt, *, keep_alive: bool = True) -> None:
        usual = head_of(self.server_state.default_headers)
        self.corked.hold(b"%b%b%b%b\r\n%b" % (STATUS_LINE[answer.status], usual, answer.head, b"" if keep_alive else CLOSE, answer.body))
        self.told.add(self.corked)
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()


class _Nobody:
    """Whom uvicorn tells that a connection ended, where nobody waits to hear it."""

    def set(self) -> None:
        pass


class _Pending:
    """What uvicorn looks at of a request that is being answered: it takes the next one of its connection for later."""

    __slots__ = ("disconnected", "keep_alive", "response_complete", "task")

    message_event = _Nobody()
    task: asyncio.Task[None]
    """That answers."""

    def __init__(self) -> None:
        self.disconnected = self.response_complete = False
        self.keep_alive = True


def head_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """As lines."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def headers_of(head: bytes) -> Headers:
    """As pairs, for ASGI."""
    lines = [line.partition(b": ") for line in head.split(b"\r\n")[:-1]]
    return [(name, value) for name, _, value in lines]

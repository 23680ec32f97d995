"""Requests that can be answered without waiting are answered while they are read: no task, no scope, one write."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gateway.corked import CorkedProtocol

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""


class Prompt(NamedTuple):
    """An answer with status 200, whole."""

    headers: Headers
    body: bytes


Answering = Callable[[Headers, bytes], Prompt | None]
"""Headers and body of a POST to the answer, if it is at hand."""


class PromptProtocol(CorkedProtocol):
    """uvicorn's own, which asks `answering` first where a whole POST to `path` arrives at once, and goes its usual way otherwise.

    A request that cannot be told from the usual one by its first line and its connection is not asked for: a pipelined one that must wait
    for its turn, one that wants another connection or a word before its body, one whose client is slow to read or to send.
    """

    path: bytes
    answering: Answering

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[bytes] | None = None
        """The body of a request that is not uvicorn's yet."""

    @classmethod
    def of(cls, path: str, answering: Answering) -> "type[PromptProtocol]":
        """The protocol of a server whose POSTs to `path` may be answered at once."""
        return type(cls.__name__, (cls,), {"path": path.encode(), "answering": staticmethod(answering)})

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._held is not None:  # its body is still to come
            self._hand_on()

    def on_headers_complete(self) -> None:
        if self.url == self.path and self._is_usual():
            self._held = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
        else:
            self._held.append(body)

    def on_message_complete(self) -> None:
        if self._held is not None:
            answer = self._at_hand(b"".join(self._held))
            if answer is not None:
                self._held = None
                self._tell(answer)
                return
            self._hand_on()
        super().on_message_complete()

    def _at_hand(self, body: bytes) -> Prompt | None:
        try:
            return self.answering(self.headers, body)
        except Exception:
            log.exception("a request that may have been answered at once goes the usual way")
            return None

    def _is_usual(self) -> bool:
        return (
            self.parser.get_method() == b"POST"
            and getattr(self.cycle, "response_complete", True)  # before the first request there is no cycle
            and not self.pipeline
            and not self.expect_100_continue
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _hand_on(self) -> None:
        held, self._held = self._held, None
        if self.transport.is_closing():  # what was read is no HTTP
            return
        super().on_headers_complete()
        for part in held or ():
            super().on_body(part)

    def _tell(self, answer: Prompt) -> None:
        self.corked.write_whole(
            b"HTTP/1.1 200 OK\r\n%b%b\r\n%b" % (_lines(self.server_state.default_headers), _lines(answer.headers), answer.body)
        )
        self.on_response_complete()


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])

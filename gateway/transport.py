"""HTTP/1.1 over kept connections for small whole answers: an httpx transport without the general work that httpx does for each request."""

import asyncio
import ssl
import time
from collections import defaultdict, deque
from typing import cast

import httptools
import httpx

KEEPALIVE_SECONDS = 20.0
"""A connection that was idle for longer is not used again: whoever is on the other side may be about to close it."""

OLDEST_SECONDS = 30.0
"""A connection that is older is not used again, however busy it is: by now there may be more servers behind its address, and only a new
connection leads to them."""

CONNECT_SECONDS = 0.5
"""Nobody refuses a connection to a machine or a container that is gone: that it is not there shows by its silence alone."""

LARGEST_ANSWER = 4 * 2**20
"""Bytes. What TorchServe says of itself and of 64 pictures is a hundredth of it."""

Origin = tuple[str, str, int]


class Transport(httpx.AsyncBaseTransport):
    """Sends a request whole on a connection of its own and waits for the whole answer. Its failures are httpx's.

    It sets no time limit but one for connecting, and follows nothing: whoever asks does. Cancelling a request closes its connection.
    """

    def __init__(
        self,
        keepalive_seconds: float = KEEPALIVE_SECONDS,
        oldest_seconds: float = OLDEST_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._keepalive_seconds, self._oldest_seconds, self._connect_seconds = keepalive_seconds, oldest_seconds, connect_seconds
        self._kept: defaultdict[Origin, deque[_Connection]] = defaultdict(deque)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ConnectError or ConnectTimeout, ReadError where the connection broke before the answer was whole, RemoteProtocolError
        where it is none."""
        url = request.url
        origin = (url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80))
        head = [b"%b %b HTTP/1.1" % (request.method.encode(), url.raw_path), *(b"%b: %b" % header for header in request.headers.raw)]
        message = b"\r\n".join((*head, b"", await request.aread()))
        connection = self._idle(origin) or await _connected(origin, self._connect_seconds)
        try:
            return await connection.ask(message)
        finally:
            if connection.reusable:
                self._kept[origin].append(connection)
            else:
                connection.close()

    async def aclose(self) -> None:
        for connections in self._kept.values():
            for connection in connections:
                connection.close()
        self._kept.clear()

    def _idle(self, origin: Origin) -> "_Connection | None":
        """The connection that was used last: those that load no longer needs grow old and are closed."""
        kept, now = self._kept[origin], time.monotonic()
        while kept and kept[0].idle_since < now - self._keepalive_seconds:
            kept.popleft().close()
        while kept:
            connection = kept.pop()
            if connection.reusable and connection.opened_at >= now - self._oldest_seconds:
                return connection
            connection.close()
        return None


async def whole(answer: httpx.Response) -> bytes:
    """The body as it was sent."""
    if isinstance(answer.stream, httpx.ByteStream):  # ours: httpx would look for encodings and charsets
        return b"".join(answer.stream)
    return await answer.aread()


class _Connection(asyncio.Protocol):
    """At most one request at a time."""

    def __init__(self) -> None:
        self.opened_at = self.idle_since = time.monotonic()
        self._answer: asyncio.Future[httpx.Response] | None = None
        self._open = True

    @property
    def reusable(self) -> bool:
        """Open, and nothing is on its way."""
        return self._open and self._answer is None

    def ask(self, message: bytes) -> asyncio.Future[httpx.Response]:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._length = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return self._answer

    def close(self) -> None:
        self._open = False
        self._transport.close()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))

    def connection_lost(self, error: Exception | None) -> None:
        self._open = False
        self._fail(httpx.ReadError("the connection was closed before the answer was whole"))

    # the parser's side

    def on_message_begin(self) -> None:
        if self._answer is None:  # a second answer to one request: whose the next one is, nobody knows
            self._open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, part: bytes) -> None:
        self._body.append(part)
        self._length += len(part)
        if self._length > LARGEST_ANSWER:
            self._fail(httpx.RemoteProtocolError(f"an answer of more than {LARGEST_ANSWER} bytes"))

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # a word before the answer
            self._headers.clear()
            return
        answer, self._answer = self._answer, None
        self.idle_since = time.monotonic()
        if not self._parser.should_keep_alive():
            self._open = False
        if answer is not None and not answer.done():
            answer.set_result(httpx.Response(status, headers=self._headers, stream=httpx.ByteStream(b"".join(self._body))))

    def _fail(self, error: httpx.HTTPError) -> None:
        answer, self._answer, self._open = self._answer, None, False
        if answer is not None and not answer.done():
            answer.set_exception(error)


async def _connected(origin: Origin, seconds: float) -> _Connection:
    scheme, host, port = origin
    context = ssl.create_default_context() if scheme == "https" else None
    try:
        async with asyncio.timeout(seconds):
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, host, port, ssl=context)
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"no connection within {seconds:g} s") from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    return connection

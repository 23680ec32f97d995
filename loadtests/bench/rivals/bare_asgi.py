"""A ceiling: an ASGI function that reads the body and says the same every time. No server in Python on this server program is faster."""

from collections.abc import Awaitable, Callable
from typing import Any

from loadtests.bench.rivals.front import serve

ANSWER = b'{"digit":7}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))],
}


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """One request."""
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    serve(application)

"""Bodies of all calls but those that take pictures, which bound their own, are small and arrive soon, or are refused."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 2**20


class BoundedBodies:
    """ASGI middleware. The framework reads a JSON body whole, however long and slow it is.

    `but`: the paths of calls that read their bodies themselves.
    """

    def __init__(self, app: ASGIApp, deadline_seconds: float, but: frozenset[str]) -> None:
        self._app, self._deadline_seconds, self._but = app, deadline_seconds, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._but:
            await self._app(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        received, complete = 0, False

        async def limited() -> Message:
            nonlocal received, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408, "the body did not arrive in time") from error
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > MAX_BYTES:
                raise HTTPException(413, f"the body has more than {MAX_BYTES} bytes")
            return message

        await self._app(scope, limited, send)

"""The picture out of a request, whichever of the three forms it came in, under a size limit and a deadline."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from gateway.errors import Malformed, OverCapacity, TooLarge, UploadTooSlow
from gateway.metrics import Metrics
from gateway.offloop import nearby

ENVELOPE_BYTES = 64 * 2**10
"""What multipart boundaries and headers, or the JSON around base64, may add to the picture."""

PART = "image"

LARGE_BYTES = 2**20
LARGE_TOGETHER = 8
"""Of 10 MiB each, and in base64 several times that while they are decoded."""


class Uploads:
    """Reads uploads so that their memory is bounded together: at most LARGE_TOGETHER bodies of more than LARGE_BYTES are held at a time."""

    def __init__(self, max_bytes: int, metrics: Metrics) -> None:
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._large = 0

    @asynccontextmanager
    async def read(self, request: Request, deadline: float) -> AsyncGenerator[bytes, None]:
        """The picture's bytes, which count as held until the block ends. `deadline` is the event loop's time.

        Raises TooLarge, UploadTooSlow, Malformed, OverCapacity.
        """
        counted = False

        def grown(received: int) -> None:
            nonlocal counted
            if received > LARGE_BYTES and not counted:
                if self._large >= LARGE_TOGETHER:
                    self._metrics.shed.labels("large_uploads").inc()
                    raise OverCapacity("too many large pictures at a time; try again, or send a smaller one", retry_after_seconds=1)
                self._large, counted = self._large + 1, True

        try:
            yield await read_upload(request, self._max_bytes, deadline, grown)
        finally:
            self._large -= counted


async def read_upload(request: Request, max_bytes: int, deadline: float, grown: Callable[[int], None]) -> bytes:
    """The picture's bytes: the body itself, the multipart field `image`, or the JSON member `image` in base64.

    `grown` is told how much has arrived, and may raise.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout_at(deadline):
            if kind == "application/json":
                body = await _body(request, max_bytes * 4 // 3 + ENVELOPE_BYTES, grown)
                return await nearby(len(body), _from_json, body, max_bytes)
            if kind == "multipart/form-data":
                return await _from_multipart(request, max_bytes, grown)
            return await _body(request, max_bytes, grown)
    except TimeoutError as error:
        raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
    except ClientDisconnect as error:
        raise Malformed("the client left before its body had arrived") from error


async def _body(request: Request, limit: int, grown: Callable[[int], None]) -> bytes:
    chunks = [chunk async for chunk in _limited(request, limit, grown)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _limited(request: Request, limit: int, grown: Callable[[int], None]) -> AsyncGenerator[bytes, None]:
    """The body's chunks; a body that says it is too large is not read at all."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"the body has {declared} bytes and at most {limit} are taken; send a smaller picture")
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise TooLarge(f"the body has more than {limit} bytes; send a smaller picture")
        grown(received)
        if chunk:
            yield chunk


def _from_json(body: bytes, max_bytes: int) -> bytes:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    encoded = document.get(PART) if isinstance(document, dict) else None
    if not isinstance(encoded, str):
        raise Malformed('the JSON body must be {"image": "<the picture in base64>"}')
    try:
        picture = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed('"image" is not base64') from error
    return _sized(picture, max_bytes)


async def _from_multipart(request: Request, max_bytes: int, grown: Callable[[int], None]) -> bytes:
    parser = MultiPartParser(
        Headers(scope=request.scope),
        _limited(request, max_bytes + ENVELOPE_BYTES, grown),
        max_files=1,
        max_fields=8,
        max_part_size=max_bytes,
    )
    parser.spool_max_size = max_bytes + ENVELOPE_BYTES  # the body is bounded already: nothing goes to disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:  # ValueError: names in an encoding that there is not
        reason = getattr(error, "message", "its boundary or its encoding is missing or wrong")
        raise Malformed(f"the multipart body cannot be read: {reason}") from error
    try:
        part = form.get(PART)
        if not isinstance(part, UploadFile):
            raise Malformed("the multipart body needs the picture as a file in its field `image`")
        return _sized(await part.read(), max_bytes)
    finally:
        await form.close()


def _sized(picture: bytes, max_bytes: int) -> bytes:
    if len(picture) > max_bytes:
        raise TooLarge(f"the picture has {len(picture)} bytes and at most {max_bytes} are taken")
    return picture

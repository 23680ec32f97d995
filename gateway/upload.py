"""The picture out of a request, whichever of the three forms it came in, under a size limit and a deadline."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from gateway.errors import Malformed, TooLarge, UploadTooSlow
from gateway.offloop import nearby

ENVELOPE_BYTES = 64 * 2**10
"""What multipart boundaries and headers, or the JSON around base64, may add to the picture."""

PART = "image"


async def read_upload(request: Request, max_bytes: int, deadline: float) -> bytes:
    """The picture's bytes: the body itself, the multipart field `image`, or the JSON member `image` in base64.

    `deadline` is the event loop's time. Raises TooLarge, UploadTooSlow, Malformed.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout_at(deadline):
            if kind == "application/json":
                body = await _body(request, max_bytes * 4 // 3 + ENVELOPE_BYTES)
                return await nearby(len(body), _from_json, body, max_bytes)
            if kind == "multipart/form-data":
                return await _from_multipart(request, max_bytes)
            return await _body(request, max_bytes)
    except TimeoutError as error:
        raise UploadTooSlow("the body did not arrive in time; send it faster, or send a smaller picture") from error
    except ClientDisconnect as error:
        raise Malformed("the client left before its body had arrived") from error


async def _body(request: Request, limit: int) -> bytes:
    chunks = [chunk async for chunk in _limited(request, limit)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks; a body that says it is too large is not read at all."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"the body has {declared} bytes and at most {limit} are taken; send a smaller picture")
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise TooLarge(f"the body has more than {limit} bytes; send a smaller picture")
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


async def _from_multipart(request: Request, max_bytes: int) -> bytes:
    parser = MultiPartParser(
        Headers(scope=request.scope),
        _limited(request, max_bytes + ENVELOPE_BYTES),
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

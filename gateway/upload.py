"""The picture out of a request, whichever of the three forms it came in, under a size limit."""

import base64
import binascii
from collections.abc import AsyncGenerator, Mapping

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from gateway.errors import Malformed, OverCapacity, TooLarge
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

    def hold(self) -> "Held":
        """Room for one upload; what is read into it counts as held until the block ends."""
        return Held(self, self._max_bytes)

    def admit_large(self) -> None:
        """Count one more large upload. Raises OverCapacity."""
        if self._large >= LARGE_TOGETHER:
            self._metrics.shed.labels("large_uploads").inc()
            raise OverCapacity("too many large pictures at a time; try again, or send a smaller one", retry_after_seconds=1)
        self._large += 1

    def release_large(self) -> None:
        self._large -= 1


class Held:
    """One upload while it is read and answered."""

    __slots__ = ("_is_large", "_max_bytes", "_uploads")

    def __init__(self, uploads: Uploads, max_bytes: int) -> None:
        self._uploads, self._max_bytes, self._is_large = uploads, max_bytes, False

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_large:
            self._uploads.release_large()

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The picture's bytes: the body itself, the multipart field `image`, or the JSON member `image` in base64.

        `headers` by name in lower case. Who asks sets the deadline. Raises TooLarge, Malformed, OverCapacity.
        """
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        limit = self._max_bytes
        if kind == b"application/json":
            limit = limit * 4 // 3 + ENVELOPE_BYTES
        elif kind == b"multipart/form-data":
            limit += ENVELOPE_BYTES
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:  # not read at all
            raise TooLarge(f"the body has {declared.decode()} bytes and at most {limit} are taken; send a smaller picture")
        if kind == b"multipart/form-data":
            return await _from_multipart(headers, self._chunks(receive, limit), self._max_bytes, limit)
        first, more = await self._chunk(receive, 0, limit)
        body = first if not more else b"".join([first, *[chunk async for chunk in self._chunks(receive, limit, len(first))]])
        return await nearby(len(body), _from_json, body, self._max_bytes) if kind == b"application/json" else body

    async def _chunks(self, receive: Receive, limit: int, received: int = 0) -> AsyncGenerator[bytes, None]:
        more = True
        while more:
            chunk, more = await self._chunk(receive, received, limit)
            received += len(chunk)
            yield chunk

    async def _chunk(self, receive: Receive, received: int, limit: int) -> tuple[bytes, bool]:
        """The next part of the body, `received` bytes into it, and whether more follows."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the client left before its body had arrived")
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received > limit:
            raise TooLarge(f"the body has more than {limit} bytes; send a smaller picture")
        if received > LARGE_BYTES and not self._is_large:
            self._uploads.admit_large()
            self._is_large = True
        return chunk, message.get("more_body", False)


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


async def _from_multipart(headers: Mapping[bytes, bytes], chunks: AsyncGenerator[bytes, None], max_bytes: int, spool_bytes: int) -> bytes:
    parser = MultiPartParser(Headers(raw=list(headers.items())), chunks, max_files=1, max_fields=8, max_part_size=max_bytes)
    parser.spool_max_size = spool_bytes  # the body is bounded already: nothing goes to disk
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

"""The pictures out of a request, whichever form they came in, under a size limit."""

from collections.abc import AsyncGenerator, Mapping

from starlette.types import Receive

from gateway.envelope import JSON, MULTIPART, envelope, picture_in_form, picture_in_json, pictures_in_form, pictures_in_json
from gateway.errors import Malformed, OverCapacity, TooLarge
from gateway.metrics import Metrics
from gateway.offloop import nearby

ENVELOPE_BYTES = 64 * 2**10
"""What multipart boundaries and headers, or the JSON around base64, may add to the picture."""

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
        kind, limit = self._envelope(headers)
        if kind == MULTIPART:
            return self._sized(await picture_in_form(headers, self._chunks(receive, limit), limit))
        body = await self._body(receive, limit)
        return self._sized(await nearby(len(body), picture_in_json, body)) if kind == JSON else body

    async def read_several(self, headers: Mapping[bytes, bytes], receive: Receive) -> list[bytes | Malformed]:
        """The bytes of 1 to MOST_PICTURES pictures, in order: the multipart fields `image`, or the JSON list `images` in base64.

        In the place of one that cannot be read stands why. Together they may have as many bytes as a single one.
        Who asks sets the deadline. Raises TooLarge, Malformed, OverCapacity.
        """
        kind, limit = self._envelope(headers)
        if kind == MULTIPART:
            pictures = await pictures_in_form(headers, self._chunks(receive, limit), limit)
        elif kind == JSON:
            body = await self._body(receive, limit)
            pictures = await nearby(len(body), pictures_in_json, body)
        else:
            raise Malformed("several pictures are taken as application/json or as multipart/form-data; say which in Content-Type")
        together = sum(len(picture) for picture in pictures if isinstance(picture, bytes))
        if together > self._max_bytes:
            raise TooLarge(f"the pictures have {together} bytes together and at most {self._max_bytes} are taken; send fewer at a time")
        return pictures

    def _envelope(self, headers: Mapping[bytes, bytes]) -> tuple[bytes | None, int]:
        """What kind of body it is, and how many bytes it may have. Raises TooLarge where it says itself that it has more."""
        kind = envelope(headers.get(b"content-type", b""))
        limit = self._max_bytes
        if kind == JSON:
            limit = limit * 4 // 3 + ENVELOPE_BYTES
        elif kind == MULTIPART:
            limit += ENVELOPE_BYTES
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:  # not read at all
            raise TooLarge(f"the body has {declared.decode()} bytes and at most {limit} are taken; send less")
        return kind, limit

    async def _body(self, receive: Receive, limit: int) -> bytes:
        first, more = await self._chunk(receive, 0, limit)
        return first if not more else b"".join([first, *[chunk async for chunk in self._chunks(receive, limit, len(first))]])

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
            raise TooLarge(f"the body has more than {limit} bytes; send less")
        if received > LARGE_BYTES and not self._is_large:
            self._uploads.admit_large()
            self._is_large = True
        return chunk, message.get("more_body", False)

    def _sized(self, picture: bytes) -> bytes:
        if len(picture) > self._max_bytes:
            raise TooLarge(f"the picture has {len(picture)} bytes and at most {self._max_bytes} are taken")
        return picture

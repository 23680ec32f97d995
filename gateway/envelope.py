"""Pictures out of JSON and out of multipart bodies. Who hands a body in has bounded it; nothing here touches the disk."""

import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

import orjson
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway.errors import Malformed
from gateway.seams import LARGEST_BATCH

JSON, MULTIPART = b"application/json", b"multipart/form-data"

PART, LIST = "image", "images"
"""Where both have a picture, and where JSON has several."""

MOST_PICTURES = LARGEST_BATCH
"""In one body: what one request to the model carries."""

OTHER_FIELDS = 8
"""Multipart fields that are no files: they are passed over."""


def envelope(content_type: bytes) -> bytes | None:
    """JSON or MULTIPART; None: a body of that type is the picture itself."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind if kind in (JSON, MULTIPART) else None


def picture_in_json(body: bytes) -> bytes:
    """The member `image`, decoded. Raises Malformed."""
    encoded = _member(body, PART)
    if not isinstance(encoded, str):
        raise Malformed('the JSON body must be {"image": "<the picture in base64>"}')
    return _decoded(encoded)


def pictures_in_json(body: bytes) -> list[bytes | Malformed]:
    """The 1 to MOST_PICTURES elements of the member `images`, decoded; in the place of one that is not base64, just that.

    Raises Malformed.
    """
    encoded = _member(body, LIST)
    if not isinstance(encoded, list) or not all(isinstance(each, str) for each in encoded):
        raise Malformed('the JSON body must be {"images": ["<a picture in base64>", ...]}')
    _check_number(len(encoded))
    return [_decoded_or_why_not(each) for each in encoded]


async def picture_in_form(headers: Mapping[bytes, bytes], body: AsyncGenerator[bytes, None], max_bytes: int) -> bytes:
    """The file in the field `image` of a body of at most so many bytes. Raises Malformed."""
    async with _form(headers, body, 1, max_bytes) as form:
        part = form.get(PART)
        if not isinstance(part, UploadFile):
            raise Malformed("the multipart body needs the picture as a file in its field `image`")
        return await part.read()


async def pictures_in_form(headers: Mapping[bytes, bytes], body: AsyncGenerator[bytes, None], max_bytes: int) -> list[bytes | Malformed]:
    """The 1 to MOST_PICTURES files in fields `image` of a body of at most so many bytes; in the place of one that is no file, just that.

    Raises Malformed.
    """
    async with _form(headers, body, MOST_PICTURES, max_bytes) as form:
        parts = form.getlist(PART)
        _check_number(len(parts))
        no_file = Malformed("the field `image` must be a file; give it a filename")
        return [await part.read() if isinstance(part, UploadFile) else no_file for part in parts]


@asynccontextmanager
async def _form(
    headers: Mapping[bytes, bytes], body: AsyncGenerator[bytes, None], most_files: int, max_bytes: int
) -> AsyncIterator[FormData]:
    parser = MultiPartParser(
        Headers(raw=list(headers.items())), body, max_files=most_files, max_fields=OTHER_FIELDS, max_part_size=max_bytes
    )
    parser.spool_max_size = max_bytes  # it is bounded already: nothing goes to disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:  # ValueError: names in an encoding that there is not
        reason = getattr(error, "message", "its boundary or its encoding is missing or wrong")
        raise Malformed(f"the multipart body cannot be read: {reason}") from error
    try:
        yield form
    finally:
        await form.close()


def _member(body: bytes, name: str) -> object:
    """None where the body is an object without it, or no object."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    return document.get(name) if isinstance(document, dict) else None


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("the picture is not base64") from error


def _decoded_or_why_not(encoded: str) -> bytes | Malformed:
    try:
        return _decoded(encoded)
    except Malformed as problem:
        return problem


def _check_number(pictures: int) -> None:
    if not 1 <= pictures <= MOST_PICTURES:
        raise Malformed(f"there are {pictures} pictures, and 1 to {MOST_PICTURES} are taken at a time")

"""Uploads to canonical pixels, off the event loop when the picture is large, one large picture at a time so that memory stays bounded."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from gateway.errors import Malformed, NotAnImage, Problem, TooLarge, Unreadable
from gateway.offloop import FEW_BYTES
from model.preprocess import (
    Canonical,
    EmptyUpload,
    ImageError,
    ImageTooLarge,
    Limits,
    UnreadableImage,
    UnsupportedImage,
    canonicalise,
    read_header,
)

INLINE_PIXELS = 64 * 64
"""Up to here reading takes a millisecond or so, and far less where the picture is canonical already."""

PROBLEMS: dict[type[ImageError], type[Problem]] = {
    EmptyUpload: Malformed,
    UnsupportedImage: NotAnImage,
    ImageTooLarge: TooLarge,
    UnreadableImage: Unreadable,
}


class PictureReader:
    """`model.preprocess.canonicalise` under the gateway's limits, its errors in our words."""

    def __init__(self, max_pixels: int) -> None:
        self._limits = Limits(max_pixels=max_pixels, max_pixels_unreduced=min(max_pixels, Limits().max_pixels_unreduced))
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="decode")

    async def read(self, upload: bytes) -> Canonical:
        """Canonical pixels and what was seen. Raises Malformed (empty), NotAnImage, TooLarge or Unreadable."""
        try:
            if len(upload) <= FEW_BYTES:
                header = read_header(upload)
                if header.width * header.height <= INLINE_PIXELS:
                    return canonicalise(upload, self._limits, header)
            return await asyncio.get_running_loop().run_in_executor(self._pool, canonicalise, upload, self._limits)
        except ImageError as error:
            raise PROBLEMS[type(error)](str(error)) from error

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

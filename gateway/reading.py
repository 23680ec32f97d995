"""Uploads to canonical pixels, off the event loop when the picture is large, one large picture at a time so that memory stays bounded."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from gateway.errors import Malformed, NotAnImage, Problem, TooLarge, Unreadable
from gateway.known import SIDE
from gateway.offloop import FEW_BYTES
from model.preprocess import (
    Canonical,
    EmptyUpload,
    Header,
    ImageError,
    ImageTooLarge,
    Limits,
    UnreadableImage,
    UnsupportedImage,
    canonicalise,
    canonicalise_several,
    read_header,
)

INLINE_PIXELS = 64 * 64
"""Up to here reading takes a millisecond or so, and far less where the picture is canonical already."""

UNREDUCED = Limits().max_pixels_unreduced
"""Pixels that are taken at most where they cannot be decoded reduced, whatever the settings."""

PROBLEMS: dict[type[ImageError], type[Problem]] = {
    EmptyUpload: Malformed,
    UnsupportedImage: NotAnImage,
    ImageTooLarge: TooLarge,
    UnreadableImage: Unreadable,
}

ReadSeveral = Callable[[Iterable[tuple[bytes, Header]], Limits, int], list[Canonical | ImageError]]
"""The last is the side of the canonical pixels."""

log = logging.getLogger(__name__)


class Announced:
    """An upload that somebody is about to have read, to canonical pixels of this side."""

    __slots__ = ("found", "side", "upload")

    def __init__(self, upload: bytes, side: int) -> None:
        self.upload, self.side = upload, side
        self.found: Canonical | ImageError | None = None
        """None: it was not read yet, or has to be read alone."""


class PictureReader:
    """`model.preprocess` under the gateway's limits, its errors in our words.

    Small pictures that were announced before the first of them is read are read together: what arrives in one turn of the event loop.
    """

    def __init__(
        self,
        max_pixels: int,
        read_several: ReadSeveral = canonicalise_several,
        *,
        max_pixels_unreduced: int = UNREDUCED,
    ) -> None:
        self._limits = Limits(max_pixels=max_pixels, max_pixels_unreduced=min(max_pixels, max_pixels_unreduced, UNREDUCED))
        self._read_several = read_several
        self._announced: list[Announced] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="decode")

    def announce(self, upload: bytes, side: int = SIDE) -> Announced:
        """What to hand to `read`, soon."""
        announced = Announced(upload, side)
        if len(upload) <= FEW_BYTES:
            self._announced.append(announced)
        return announced

    async def read(self, announced: Announced) -> Canonical:
        """Canonical pixels and what was seen. Raises Malformed (empty), NotAnImage, TooLarge or Unreadable."""
        if announced.found is None and self._announced:
            self._read_announced()
        found = announced.found
        if found is None:
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, canonicalise, announced.upload, self._limits, None, announced.side
                )
            except ImageError as error:
                found = error.with_traceback(None)  # which knows this frame: the two would keep the upload until cycles are looked for
        if isinstance(found, ImageError):
            raise PROBLEMS[type(found)](str(found)) from found
        return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read_announced(self) -> None:
        announced, self._announced = self._announced, []
        small: dict[int, list[tuple[Announced, Header]]] = {}
        for each in announced:
            try:
                header = read_header(each.upload)
            except ImageError as error:
                each.found = error.with_traceback(None)
                continue
            if header.width * header.height <= INLINE_PIXELS:
                small.setdefault(each.side, []).append((each, header))
        for side, together in small.items():
            self._read_together(together, side)

    def _read_together(self, together: list[tuple[Announced, Header]], side: int) -> None:
        try:
            found = self._read_several([(each.upload, header) for each, header in together], self._limits, side)
        except Exception:  # nobody pays for another's picture: each is read alone
            log.exception("pictures cannot be read together")
            return
        for (each, _), seen in zip(together, found, strict=True):
            each.found = seen

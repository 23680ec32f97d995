"""Bytes to grey pixels, the way up they were taken, within a bounded memory: whatever the bytes, a picture or an ImageError comes out."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from model.preprocess.errors import ImageError, ImageTooLarge, UnreadableImage
from model.preprocess.grey import ENOUGH_SIDE, grey_of, lightness, over_background, shrunk
from model.preprocess.header import Header, read_header
from model.preprocess.jpeg import needed_segments, streams
from model.preprocess.orientation import orientation, upright
from model.preprocess.png import is_plain_small, needed_chunks

MAX_SCANS = 64
"""Passes over a progressive JPEG; encoders write about ten, and each one costs a walk over the whole picture."""
MAX_RUN_LENGTH_PIXELS = 262_144
"""Run-length coded BMP is decoded in Python, about a microsecond a run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many pixels are decoded at most. The defaults keep the growth of resident memory under 64 MB."""

    max_pixels: int = 16_000_000
    """For what is decoded row by row and reduced on the way: sequential JPEG."""
    max_pixels_unreduced: int = 4_000_000
    """For everything else. A progressive JPEG counts here: its coefficients are kept at full size."""


class Picture(NamedTuple):
    """An upload, decoded: `grey` is uint8 (h, w), perhaps reduced; width and height are those of the upload, seen upright."""

    grey: NDArray[np.uint8]
    width: int
    height: int


def decode(upload: bytes, limits: Limits, header: Header | None = None) -> Picture:
    """Decode an upload to grey pixels; `header` is its own, where somebody has it. Raises ImageError, and nothing else, for any bytes."""
    header = header or read_header(upload)
    if header.format == "PNG" and is_plain_small(upload):
        # The one kind worth a second decoder: 9 microseconds in OpenCV, 24 in Pillow.
        grey = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is not None:
            return Picture(grey.astype(np.uint8, copy=False), header.width, header.height)
    _within(header, upload, limits)
    try:
        pixels = _DECODERS[header.format](upload, header)
    except ImageError:
        raise
    except _DECODER_FAILURES as error:
        raise UnreadableImage(f"the {header.format} picture is broken or cut off; export it again or send the whole file") from error
    way_up = orientation(upload, header)
    width, height = (header.height, header.width) if way_up >= 5 else (header.width, header.height)
    if header.format != "TIFF":  # which Pillow turns itself
        pixels = upright(pixels, way_up)
    return Picture(np.ascontiguousarray(pixels), width, height)


# What Pillow and OpenCV raise on bad bytes; Warning because a caller may have turned warnings into errors.
_DECODER_FAILURES = (
    cv2.error,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)


def _within(header: Header, upload: bytes, limits: Limits) -> None:
    pixels = header.width * header.height
    most = limits.max_pixels_unreduced
    if header.format == "JPEG" and pixels > most and streams(upload):
        most = limits.max_pixels
    if pixels > most:
        raise ImageTooLarge(
            f"the picture has {header.width} x {header.height} pixels, and at most {most:,} are taken of a {header.format} like this; "
            "make it smaller and send it again"
        )


def _png(upload: bytes, header: Header) -> NDArray[np.uint8]:
    return _pillow(PngImageFile(io.BytesIO(needed_chunks(upload))), header)


def _jpeg(upload: bytes, header: Header) -> NDArray[np.uint8]:
    if upload.count(b"\xff\xda") > MAX_SCANS:
        raise UnreadableImage("the JPEG picture is stored in too many passes; export it again")
    image = JpegImageFile(io.BytesIO(needed_segments(upload)))
    times = max(header.width, header.height) // ENOUGH_SIDE
    if times >= 2 and image.size == (header.width, header.height):
        image.draft(image.mode, (max(1, header.width // times), max(1, header.height // times)))
        return grey_of(image)
    return _pillow(image, header)


def _webp(upload: bytes, header: Header) -> NDArray[np.uint8]:
    # Pillow decodes every WebP as an animation: 73 MB for 4 megapixels where this takes 32.
    pixels = cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint8 or pixels.shape[:2] != (header.height, header.width):
        raise UnreadableImage("the WebP picture is broken or cut off; export it again or send the whole file")
    small = shrunk(pixels.astype(np.uint8, copy=False))
    if small.ndim == 2:
        return small
    grey = lightness(small[..., 2::-1])
    return over_background(grey, np.ascontiguousarray(small[..., 3])) if small.shape[2] == 4 else grey


def _bmp(upload: bytes, header: Header) -> NDArray[np.uint8]:
    run_length_coded = upload[14:18] != b"\x0c\0\0\0" and upload[30:34] in (b"\1\0\0\0", b"\2\0\0\0")
    if run_length_coded and header.width * header.height > MAX_RUN_LENGTH_PIXELS:
        raise ImageTooLarge("a run-length coded BMP of this size is not taken; save it as PNG and send it again")
    return _pillow(BmpImageFile(io.BytesIO(upload)), header)


def _gif(upload: bytes, header: Header) -> NDArray[np.uint8]:
    return _pillow(GifImageFile(io.BytesIO(upload)), header)  # reads the first frame and seeks no further


def _tiff(upload: bytes, header: Header) -> NDArray[np.uint8]:
    return _pillow(TiffImageFile(io.BytesIO(upload)), header)


_DECODERS: dict[str, Callable[[bytes, Header], NDArray[np.uint8]]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "WEBP": _webp,
    "BMP": _bmp,
    "GIF": _gif,
    "TIFF": _tiff,
}


def _pillow(image: ImageFile, header: Header) -> NDArray[np.uint8]:
    """Grey pixels of an opened picture, once it has said the size that was checked: a GIF's frame, for one, may exceed its canvas."""
    if sorted(image.size) != sorted((header.width, header.height)):
        raise UnreadableImage(f"the {header.format} picture contradicts itself about its size; export it again")
    return grey_of(image)

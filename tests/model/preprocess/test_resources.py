"""Hostile pictures cost little: at most 150 ms and 64 MB each, measured in a process of its own."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.model.preprocess.pictures import DIGITS, encoded

MEASURE = """
import json, resource, sys, time
from pathlib import Path
from typing import Any
from model.preprocess import ImageError, canonicalise

def peak_megabytes():
    status = Path("/proc/self/status")
    if status.exists():  # a child's ru_maxrss begins at its parent's there
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

canonicalise(Path(sys.argv[2]).read_bytes())
upload = Path(sys.argv[1]).read_bytes()
before = peak_megabytes()
began = time.process_time()
try:
    outcome = list(canonicalise(upload).reasons)
except ImageError as error:
    outcome = type(error).__name__
seconds = time.process_time() - began
grown = peak_megabytes() - before
print(json.dumps({"outcome": outcome, "seconds": seconds, "megabytes": grown}))
"""


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bare_png(width: int, height: int, row_bytes: int, depth: int = 1, colour: int = 0) -> bytes:
    """A PNG of nothing but zeros, compressed row by row so that making it costs no memory either."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(row_bytes + 1)) for _ in range(height)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_of(frames: int) -> bytes:
    first = encoded(DIGITS[0], "GIF")
    screen = 13 + 3 * 2 ** ((first[10] & 7) + 1)
    return first[:screen] + first[screen:-1] * frames + b";"


def full_page() -> Image.Image:
    pixels = np.full((2000, 2000, 3), 210, np.uint8)
    pixels[600:1400, 900:1000] = 30
    return Image.fromarray(pixels)


HOSTILE: dict[str, tuple[Callable[[], bytes], str | list[str]]] = {
    "20,000 x 20,000": (lambda: bare_png(20_000, 20_000, 2_500), "ImageTooLarge"),
    "1,000,000 x 1": (lambda: bare_png(1_000_000, 1, 125_000), ["blank"]),
    "1 x 1,000,000": (lambda: bare_png(1, 1_000_000, 1), ["blank"]),
    "2 megapixels of 16-bit colour": (lambda: bare_png(2_000, 1_000, 16_000, depth=16, colour=6), ["blank"]),
    "10,000 frames": (lambda: gif_of(10_000), []),
    "text bomb": (lambda: _with_chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(256 << 20), 9)), []),
    "profile bomb": (lambda: _with_chunk(b"iCCP", b"note\0\0" + zlib.compress(bytes(256 << 20), 9)), []),
    "cut off": (lambda: encoded(full_page(), "PNG")[:-2000], "UnreadableImage"),
    "30 MB of zeros": (lambda: bytes(30 << 20), "UnsupportedImage"),
    "30 MB of zeros after a digit": (lambda: encoded(DIGITS[0], "PNG") + bytes(30 << 20), []),
    "svg": (lambda: b"<svg/>", "UnsupportedImage"),
    "1 x 1": (lambda: encoded(np.zeros((1, 1), np.uint8), "PNG"), ["blank"]),
    "noise": (lambda: encoded(np.random.default_rng(0).integers(0, 256, (900, 900), dtype=np.uint8), "PNG"), ["noise"]),
    "4 megapixels of floats": (lambda: encoded(Image.fromarray(np.asarray(full_page())[..., 0].astype(np.float32)), "TIFF"), []),
    "4 megapixels of WebP": (lambda: encoded(full_page(), "WEBP", lossless=True), []),
    "4 megapixels of progressive JPEG": (lambda: encoded(full_page(), "JPEG", progressive=True, subsampling=0), []),
    "12 megapixels of JPEG": (lambda: encoded(full_page().resize((4000, 3000)), "JPEG"), []),
    "12 megapixels of JPEG in 3 scans": (lambda: encoded(full_page().resize((4000, 3000)), "JPEG", progressive=True), "ImageTooLarge"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_pictures_cost_little(kind: str, tmp_path: Path) -> None:
    make, expected = HOSTILE[kind]
    hostile, harmless = tmp_path / "hostile", tmp_path / "harmless"
    hostile.write_bytes(make())
    measured = _measured(hostile, harmless)
    assert measured["outcome"] == expected
    assert measured["megabytes"] <= 64
    assert measured["seconds"] <= 0.15


def test_the_measure_sees_a_picture_that_is_decoded_whole(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_bytes(encoded(full_page(), "PNG"))
    assert _measured(page, page.with_name("none"))["megabytes"] > 10


def test_importing_does_nothing_and_brings_no_torch() -> None:
    script = (
        "import os, sys, cv2, PIL; before = dict(os.environ); import model.preprocess; assert dict(os.environ) == before; "
        "assert not {'torch', 'fastapi', 'model.network'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=Path(__file__).parents[3])


def _measured(hostile: Path, harmless: Path) -> dict[str, Any]:
    if not harmless.exists():
        harmless.write_bytes(encoded(255 - DIGITS[0], "JPEG"))
    command = [sys.executable, "-c", MEASURE, str(hostile), str(harmless)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=Path(__file__).parents[3])
    assert run.stderr == ""
    measured: dict[str, Any] = json.loads(run.stdout)
    return measured


def _with_chunk(name: bytes, body: bytes) -> bytes:
    upload = encoded(DIGITS[0], "PNG")
    return upload[:33] + chunk(name, body) + upload[33:]

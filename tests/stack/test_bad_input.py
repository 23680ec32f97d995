"""Hostile and hopeless uploads: each its problem or a doubtful answer, quickly, in bounded memory, and the service goes on."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.stack.conftest import ROOT, Stack

KNOWN = np.load(ROOT / "model" / "known" / "digits.npz")["pixels"]
ANSWERED_SECONDS = 0.15
TRIES = 3
"""The quickest counts: a busy machine is not what is tested."""

MOST_MORE_BYTES = 64 * 2**20


def png(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def empty_png(width: int, height: int) -> bytes:
    """A valid one-bit PNG of any size, all white, made without holding its pixels."""
    packer, packed = zlib.compressobj(9), b""
    row = b"\0" + b"\xff" * ((width + 7) // 8)
    for _ in range(height):
        packed += packer.compress(row)
    packed += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def gif(frames: int) -> bytes:
    pictures = [Image.fromarray(np.full((28, 28), place % 256, np.uint8)) for place in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def two_digits() -> bytes:
    page = np.full((120, 240), 255, np.uint8)
    for left, place in ((20, 12), (140, 75)):
        page[30:100, left : left + 70] = 255 - cv2.resize(KNOWN[place], (70, 70))
    return png(page)


REFUSED: dict[str, tuple[Callable[[], bytes], set[int]]] = {
    "an empty body": (lambda: b"", {400}),
    "a text file": (lambda: b"The quick brown fox.\n" * 100, {415}),
    "a truncated PNG": (lambda: png(KNOWN[0])[:150], {422}),
    "a 20,000 x 20,000 PNG": (lambda: empty_png(20_000, 20_000), {413}),
    "a 30 MB body": (lambda: b"\0" * 30_000_000, {413}),
    "a JPEG of fill bytes alone": (lambda: b"\xff\xd8" + b"\xff" * 10_000_000, {422}),
    "an SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><text>7</text></svg>', {415}),
    "a PDF": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {415}),
}
DOUBTED: dict[str, Callable[[], bytes]] = {
    "a 1,000,000 x 1 picture": lambda: empty_png(1_000_000, 1),
    "a GIF of 10,000 frames": lambda: gif(10_000),
    "a 1 x 1 picture": lambda: png(np.zeros((1, 1), np.uint8)),
    "a blank page": lambda: png(np.full((600, 400), 255, np.uint8)),
    "uniform noise": lambda: png(np.random.default_rng(0).integers(0, 256, (280, 280), np.uint8)),
    "two digits side by side": two_digits,
}


@pytest.fixture(scope="module")
def uploads() -> dict[str, bytes]:
    return {name: make() for name, (make, _) in REFUSED.items()} | {name: make() for name, make in DOUBTED.items()}


def peak_bytes(process: psutil.Process) -> int:
    """The most memory that the process held since its peak was last reset."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("name", [*REFUSED, *DOUBTED])
def test_bad_input_is_answered_quickly_and_truthfully(ready_stack: Stack, uploads: dict[str, bytes], name: str) -> None:
    ready_stack.predict(png(KNOWN[3]))
    answer, seconds = ready_stack.predict(uploads[name]), float("inf")
    for _ in range(TRIES):
        started = time.perf_counter()
        ready_stack.predict(uploads[name], **{"Cache-Control": "no-store"})
        seconds = min(seconds, time.perf_counter() - started)
    if name in REFUSED:
        assert answer.status_code in REFUSED[name][1], answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    elif answer.status_code == 200:
        assert answer.json()["accepted"] is False
        assert answer.json()["reasons"]
    else:
        assert 400 <= answer.status_code < 500, answer.text
    assert seconds <= ANSWERED_SECONDS
    assert ready_stack.predict(png(KNOWN[3])).status_code == 200


def test_no_bad_input_costs_much_memory(ready_stack: Stack, uploads: dict[str, bytes]) -> None:
    process = ready_stack.gateway
    for name, upload in uploads.items():
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew at what is held now
        before = peak_bytes(process)
        ready_stack.predict(upload, **{"Cache-Control": "no-store"})
        assert peak_bytes(process) - before <= MOST_MORE_BYTES, name

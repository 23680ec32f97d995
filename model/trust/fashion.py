"""Fashion-MNIST's test pictures out of a folder that Debian's package was unpacked into, believed by their checksum alone."""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DEFAULT_FOLDER = Path("var/datasets/fashion-mnist")
FILE = "t10k-images-idx3-ubyte"
HEADER_BYTES = 16
SHA256 = "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
"""Of the uncompressed file (Xiao, Rasul and Vollgraf 2017; Debian's dataset-fashion-mnist 0.0~git20200523.55506a9-1)."""


class FashionMissing(RuntimeError):
    """There is no Fashion-MNIST; the message is one line that says how to get it."""


def fashion_pictures(folder: Path = DEFAULT_FOLDER, sha256: str = SHA256) -> NDArray[np.uint8]:
    """10,000 pictures of clothes, `uint8[n, 28, 28]`, light on black, from anywhere under `folder`. Raises FashionMissing."""
    found = sorted(path for path in folder.rglob(f"{FILE}*") if path.name in (FILE, f"{FILE}.gz"))
    if not found:
        raise FashionMissing(
            f"no {FILE}.gz under {folder}; "
            f"`apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist_*.deb {folder}` puts it there"
        )
    try:
        raw = found[0].read_bytes()
        raw = gzip.decompress(raw) if found[0].suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise FashionMissing(f"{found[0]} cannot be read: {error}") from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise FashionMissing(f"{found[0]} is not Fashion-MNIST's: its SHA-256 is another")
    return np.frombuffer(raw, np.uint8, offset=HEADER_BYTES).reshape(-1, 28, 28).copy()

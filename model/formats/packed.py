"""A file's bytes, unpacked where gzip, bzip2 or xz packed them: told by what they begin with, never by a name."""

import bz2
import gzip
import lzma
import zlib
from pathlib import Path

from model.formats.labelled import NotDigits

ENDINGS = (".gz", ".bz2", ".xz")
_UNPACK = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}


def unpacked(path: Path) -> bytes:
    """Raises NotDigits where it is packed and damaged, OSError where it cannot be read."""
    raw = path.read_bytes()
    for begin, unpack in _UNPACK.items():
        if raw.startswith(begin):
            try:
                return unpack(raw)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise NotDigits(f"{path} is packed and cannot be unpacked: {error}") from error
    return raw


def bare_name(path: Path) -> str:
    """The file's name without the ending that says how it is packed."""
    return path.name.removesuffix(path.suffix) if path.suffix in ENDINGS else path.name

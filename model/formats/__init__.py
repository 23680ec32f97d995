"""Labelled digits in any format that they are passed around in, told by what a path holds and not by how its name ends."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from model.formats import folder, hdf5, idx, libsvm, matlab, table
from model.formats.labelled import Labelled, NotDigits
from model.formats.packed import unpacked

__all__ = ["FILES", "FOLDERS", "Labelled", "NotDigits", "read_labelled"]


class File(NamedTuple):
    """A format of one file: whether its bytes, unpacked, are in it, and how to read them. `read` raises NotDigits."""

    name: str
    claims: Callable[[bytes], bool]
    read: Callable[[bytes, Path], Labelled]


class Folder(NamedTuple):
    """As File, of a folder."""

    name: str
    claims: Callable[[Path], bool]
    read: Callable[[Path], Labelled]


FILES = (
    File(idx.NAME, idx.claims, idx.read),
    File(matlab.NAME, matlab.claims, matlab.read),
    File(hdf5.NAME, hdf5.claims, hdf5.read),
    File(libsvm.NAME, libsvm.claims, libsvm.read),
    File(table.NAME, table.claims, table.read),
)
FOLDERS = (Folder(folder.NAME, folder.claims_folder, folder.read_folder), Folder(idx.NAME, idx.claims_folder, idx.read_folder))


def read_labelled(path: Path) -> Labelled:
    """The digits at a path, in the first format that claims it. Raises NotDigits, or OSError where nothing can be read there."""
    if path.is_dir():
        for kind in FOLDERS:
            if kind.claims(path):
                return kind.read(path)
        raise NotDigits(f"{path} holds neither {' nor '.join(kind.name for kind in FOLDERS)}")
    raw = unpacked(path)
    for file in FILES:
        if file.claims(raw):
            return file.read(raw, path)
    raise NotDigits(f"{path} is none of {', '.join(file.name for file in FILES)}, or a folder per digit")

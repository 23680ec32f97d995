"""MADBase's pictures out of the zip file that it is passed around in, in the order of their numbers, and who wrote which.

Source: MADBase (El-Sherif and Abdelazeem 2007). 700 people wrote each digit ten times; 100 of them are its test set. Pictures are called
`id_N_label_D.png`, N from 1. Nothing in the file names a writer: that a hundred numbers in a row are one writer's, ten times all digits in
order, is an assumption, which `model.arabic.writers` measures.
"""

import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.refused import Refused

SIDE = 28
"""Of MADBase's pictures, as they are in its file."""

DIGITS = 10
BY_ONE_WRITER = 100
"""Each digit ten times."""

LARGEST_BYTES = 65_536
"""Of one PNG, unpacked. MADBase's are a few hundred bytes."""

NAMED = re.compile(r"id_(\d{1,7})_label_(\d)\.png$")


@dataclass(frozen=True)
class Written:
    """Per picture in the order of their numbers: `pictures` uint8[n, 28, 28], white ink on black as they are in the file, not canonical;
    `labels` uint8[n]; `writer` uint16[n], counted from 0."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    writer: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def digest(self) -> str:
        """SHA-256 of pictures and labels."""
        return hashlib.sha256(self.pictures.tobytes() + self.labels.tobytes()).hexdigest()


def read_written(path: Path) -> Written:
    """The pictures in a zip file. Raises Refused where it is none, or holds other pictures than whole writers'."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {int(found[1]): (info, int(found[2])) for info in archive.infolist() if (found := NAMED.search(info.filename))}
            _check(path, {number: label for number, (_, label) in entries.items()})
            ordered = [entries[number] for number in range(1, len(entries) + 1)]
            pictures = np.stack([_picture(archive, info) for info, _ in ordered])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:  # none, damaged, or with a password
        raise Refused(f"{path} cannot be read as a zip file: {error}") from error
    labels = np.array([label for _, label in ordered], np.uint8)
    return Written(pictures, labels, (np.arange(len(ordered)) // BY_ONE_WRITER).astype(np.uint16))


def _check(path: Path, labels: dict[int, int]) -> None:
    if not labels or len(labels) % BY_ONE_WRITER or set(labels) != set(range(1, len(labels) + 1)):
        raise Refused(
            f"{path} holds {len(labels)} pictures called id_N_label_D.png; writers are known where N counts from 1 in whole hundreds"
        )
    for number, label in labels.items():
        if label != (number - 1) % DIGITS:
            raise Refused(f"{path} says that picture {number} is a {label}; writers are known where labels count 0 to 9 again and again")


def _picture(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[np.uint8]:
    if not 0 < info.file_size <= LARGEST_BYTES:
        raise Refused(f"{info.filename} has {info.file_size:,} bytes and is no picture of {SIDE} x {SIDE}")
    pixels = cv2.imdecode(np.frombuffer(archive.read(info), np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None or pixels.shape != (SIDE, SIDE) or pixels.dtype != np.uint8:
        raise Refused(f"{info.filename} is no picture of {SIDE} x {SIDE}")
    return pixels.astype(np.uint8, copy=False)

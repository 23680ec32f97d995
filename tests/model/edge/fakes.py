"""A runtime that needs no package: it keeps the layers it was given, and misreads as many pictures as it is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

import model
from model.data import Digits
from model.edge.runtime import Levels, Runtime, each_way
from model.judge import Panel
from model.reader import Reader
from model.splitting import Writers

MODEL = Path(model.__file__).parent
FLOAT = "None"


def known() -> Digits:
    """The hundred known digits."""
    with np.load(MODEL / "known" / "digits.npz") as stored:
        return Digits(stored["pixels"], stored["labels"])


def panel(digits: Digits, name: str = "a test set") -> Panel:
    return Panel(name, digits, Writers(np.arange(len(digits)).astype(np.uint16), np.zeros(len(digits), np.uint8)))


class FakeRuntime(Runtime):
    name = "fake"
    title = "Fake runtime"
    suffix = ".fake"
    reads_with: ClassVar[tuple[str, ...]] = ("numpy",)
    writes_with: ClassVar[tuple[str, ...]] = ()
    install = "pip install fake"
    install_to_write = "pip install fake fake-converter"
    levels = each_way("near", "far")

    def __init__(self, misread: Mapping[str, int] | None = None) -> None:
        """`misread`: pictures that a file gets wrong, by its levels as words; `FLOAT` is the file without any."""
        self.misread = misread or {}
        self.layers: Any = None
        self.calibrated_on: list[NDArray[np.uint8]] = []
        self.opened: list[str] = []

    def write(self, layers: Any, file: Path, levels: Levels | None, pictures: NDArray[np.uint8]) -> None:
        self.need_to_write()
        print("a converter is talkative")
        self.layers = layers
        if levels is not None:
            self.calibrated_on.append(pictures)
        file.write_text(str(levels))

    def open(self, file: Path, threads: int = 1) -> Reader:
        self.need_to_read()
        assert threads == 1
        self.opened.append(file.read_text())
        return FakeReader(self.layers, self.misread.get(file.read_text(), 0))


class AbsentRuntime(FakeRuntime):
    name = "absent"
    title = "Absent runtime"
    suffix = ".absent"
    reads_with = ("no_such_module",)
    install = "pip install absent"
    install_to_write = "pip install absent absent-converter"


class FakeReader:
    def __init__(self, layers: Any, misread: int) -> None:
        self.layers, self.misread = layers, misread

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits: NDArray[np.float32] = self.layers(torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(1)).numpy()
        logits[: self.misread] = np.roll(logits[: self.misread], 1, axis=1)
        return logits

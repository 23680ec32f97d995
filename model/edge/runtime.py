"""What an edge runtime is to us: it writes the network into a file and reads pictures by that file, where its packages are installed."""

import importlib.metadata
import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from model.reader import Reader
from model.refused import Refused

if TYPE_CHECKING:  # a device reads without it
    from torch import nn

Arithmetic = Literal["float32", "int8"]
ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)


class NotInstalled(Refused):
    """A package is missing; the message is one line that names the command which installs it."""


@dataclass(frozen=True)
class Levels:
    """How the 256 levels of int8 are spread: by what of the calibration pictures, and whether the last layer has them too."""

    ranges: str
    last_layer: Arithmetic

    def __str__(self) -> str:
        return f"{self.ranges}, last layer in {self.last_layer}"


def each_way(*ranges: str) -> tuple[Levels, ...]:
    """Each of these ranges with the last layer in integers and in floating point."""
    return tuple(Levels(each, last) for each in ranges for last in ("int8", "float32"))


class Runtime(ABC):
    """Weights of int8 are spread channel by channel in every runtime. Packages are imported when a method needs them, not before."""

    name: ClassVar[str]
    """In rows and on the command line."""
    title: ClassVar[str]
    suffix: ClassVar[str]
    reads_with: ClassVar[tuple[str, ...]]
    """Modules without which it cannot read."""
    writes_with: ClassVar[tuple[str, ...]]
    """Modules that writing needs besides."""
    install: ClassVar[str]
    """The command that brings what reading needs."""
    install_to_write: ClassVar[str]
    levels: ClassVar[tuple[Levels, ...]]
    """Ways to spread int8 that validation pictures choose from."""

    @abstractmethod
    def write(self, layers: "nn.Sequential", file: Path, levels: Levels | None, pictures: NDArray[np.uint8]) -> None:
        """Write `layers`, as `model.edge.portable` makes them, in float32; with `levels` in int8 calibrated on `pictures`,
        uint8[n, 28, 28]. Raises NotInstalled."""

    @abstractmethod
    def open(self, file: Path, threads: int = 1) -> Reader:
        """What `write` wrote. Raises NotInstalled."""

    def need_to_read(self) -> None:
        """Raises NotInstalled."""
        self._need(self.reads_with, self.install)

    def need_to_write(self) -> None:
        """Raises NotInstalled."""
        self._need((*self.reads_with, *self.writes_with), self.install_to_write)

    def versions(self) -> dict[str, str]:
        """Of the packages that are here."""
        return {module: importlib.metadata.version(module) for module in (*self.reads_with, *self.writes_with) if _is_here(module)}

    def _need(self, modules: tuple[str, ...], command: str) -> None:
        missing = [module for module in modules if not _is_here(module)]
        if missing:
            raise NotInstalled(f"{self.title} is not installed ({', '.join(missing)} missing); {command}")


def _is_here(module: str) -> bool:
    return importlib.util.find_spec(module) is not None

"""One export: the network written by a runtime, in int8 spread the way that validation pictures agree with most. Sees no test picture."""

import contextlib
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from model.data import Digits
from model.edge.agreement import agreement
from model.edge.runtime import Arithmetic, Levels, Runtime
from model.evaluate import weights_digest
from model.inference import Classifier


@dataclass(frozen=True)
class Judge:
    """What an export is held to: the torch network's logits of validation pictures, and pictures of training to calibrate on."""

    validation: Digits
    expected: NDArray[np.float32]
    calibration: NDArray[np.uint8]

    def agreement(self, runtime: Runtime, file: Path) -> dict[str, Any]:
        logits = runtime.open(file).logits(self.validation.pixels)
        return agreement(logits, self.expected, self.validation.labels)


@dataclass(frozen=True)
class Export:
    """A file in the folder of exports, how it agrees on validation pictures, and of int8 every way that was tried."""

    runtime: str
    arithmetic: Arithmetic
    file: str
    bytes: int
    sha256: str
    validation: dict[str, Any]
    levels: str | None = None
    tried: list[dict[str, Any]] = field(default_factory=list)


def judge_of(classifier: Classifier, training: Digits, validation: Digits, calibration: int, seed: int) -> Judge:
    """Calibrates on that many training pictures (or all, where there are fewer), drawn by the seed."""
    drawn = np.random.default_rng(seed).permutation(len(training))[:calibration]
    return Judge(validation, classifier.logits(validation.pixels), training.pixels[drawn])


def export(runtime: Runtime, arithmetic: Arithmetic, layers: nn.Sequential, judge: Judge, out: Path) -> Export:
    """Write `digits-ARITHMETIC.SUFFIX` into `out`, whole or not at all. `layers` are portable. Raises NotInstalled."""
    runtime.need_to_write()
    tried: list[tuple[Levels | None, dict[str, Any], Path]] = []
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out) as scratch:
        for number, levels in enumerate(runtime.levels if arithmetic == "int8" else [None]):
            file = Path(scratch) / f"{number}{runtime.suffix}"
            with contextlib.redirect_stdout(sys.stderr):  # exporters tell of their progress
                runtime.write(layers, file, levels, judge.calibration)
            tried.append((levels, judge.agreement(runtime, file), file))
        levels, told, file = max(tried, key=lambda each: (each[1]["same_digits"], -each[1]["mean_difference"]))
        written = file.replace(out / f"digits-{arithmetic}{runtime.suffix}")
    return Export(
        runtime=runtime.name,
        arithmetic=arithmetic,
        file=written.name,
        bytes=written.stat().st_size,
        sha256=weights_digest(written),
        validation=told,
        levels=None if levels is None else str(levels),
        tried=[{"levels": str(levels), **told} for levels, told, _ in tried if levels is not None],
    )

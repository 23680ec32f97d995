"""How long a call takes on this processor: pictures in, logits out. Needs no torch, so that any device can tell."""

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WARM_UP = 20


def timed(logits: Callable[[NDArray[np.uint8]], object], batch: int, runs: int, side: int = 28) -> dict[str, Any]:
    """Median and 95th percentile, in milliseconds, of `runs` calls with `batch` pictures each, uint8 (side, side)."""
    pixels = np.random.default_rng(0).integers(0, 256, (batch, side, side), np.uint8)
    for _ in range(min(WARM_UP, runs)):
        logits(pixels)
    taken = np.empty(runs)
    for run in range(runs):
        started = time.perf_counter()
        logits(pixels)
        taken[run] = time.perf_counter() - started
    median, p95 = np.percentile(taken * 1_000, [50, 95])
    return {"batch": batch, "runs": runs, "median_ms": float(median), "p95_ms": float(p95)}


def processor() -> str:
    """The processor's own name where the system tells it, else its architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()

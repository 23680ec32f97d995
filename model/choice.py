"""Which arithmetic serves: the fastest of this machine that says what single precision says, tried where it serves."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model.compiled import Compiled, native, read_maxima
from model.inference import Classifier, energy, softmax
from model.on_gpu import PRECISIONS, OnGpu
from model.own_known import OWN_KNOWN

KNOWN = Path(__file__).parent / "known" / "digits.npz"

TOLERANCE = 0.02
"""How far a known digit's probability may be from the one that single precision gives."""

ENERGY_TOLERANCE = 0.5
"""How far a known digit's energy may be from single precision's, in nats: known digits have 6 to 18 of them, and the limit is near 4."""

Served = Classifier | Compiled | OnGpu

log = logging.getLogger(__name__)


def fastest(released: Path, threads: int = 1, gpu: torch.device | None = None) -> Served:
    """The network released in this folder as `fastest_of` has it. Raises ReleaseUnusable."""
    return fastest_of(Classifier(released), released, threads, gpu)


def fastest_of(reference: Classifier, released: Path, threads: int = 1, gpu: torch.device | None = None) -> Served:
    """The network read from this folder in the first arithmetic on offer that agrees with it on the known digits, else itself.

    `threads` are those of a network compiled for the processor; PyTorch's own are the process's. Where there are no known pictures of
    its side, nothing can be held to it, and it serves itself.
    """
    pixels = _known_pixels(released, reference.side)
    if pixels is None:
        return reference
    expected = reference.logits(pixels)
    for arithmetic, make in offered(reference, read_maxima(released), threads, gpu):
        try:
            served = make()
            logits = served.logits(pixels)
        except RuntimeError as error:
            log.warning("%s is not used: %s", arithmetic, str(error).partition("\n")[0])
            continue
        off = float(np.abs(softmax(logits) - softmax(expected)).max())
        energy_off = float(np.abs(energy(logits) - energy(expected)).max())
        if off <= TOLERANCE and energy_off <= ENERGY_TOLERANCE:
            return served
        log.warning("%s is not used: a known digit's probability is off by %.3f, its energy by %.2f nats", arithmetic, off, energy_off)
    return reference


def offered(
    reference: Classifier, maxima: Sequence[float] | None, threads: int = 1, gpu: torch.device | None = None
) -> Iterator[tuple[str, Callable[[], Compiled | OnGpu]]]:
    """Each arithmetic that can be tried here by its name, and what makes the network in it; the fastest first."""
    if gpu is not None:
        for precision in PRECISIONS:
            yield f"{gpu.type}-{precision}", partial(OnGpu, reference.layers, gpu, precision, reference.side)
    for arithmetic in native(maxima):
        yield arithmetic, partial(Compiled, reference.layers, arithmetic, maxima, threads, reference.side)


def handed_gpu(number: int | None) -> torch.device | None:
    """The GPU of this number, as TorchServe hands one to a worker (`gpu_id`); None where none was, or where this PyTorch has none."""
    if number is None:
        return None
    if not torch.cuda.is_available():
        log.warning("GPU %d is not used: this PyTorch computes on the processor alone, or found no driver", number)
        return None
    return torch.device("cuda", number)


def _known_pixels(released: Path, side: int) -> NDArray[np.uint8] | None:
    own = released / OWN_KNOWN
    with np.load(own if own.exists() else KNOWN) as known:
        pixels: NDArray[np.uint8] = known["pixels"]
    return pixels if pixels.shape[1] == side else None

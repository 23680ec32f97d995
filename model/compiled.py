"""The released network compiled for this processor by OpenVINO, in integers or floating point.

Eight-bit integers are simulated by the network itself (Jacob et al. 2018): weights on 255 levels a channel, the input of each layer on 256
levels from 0 to the largest value that training pictures gave it. OpenVINO computes such layers in integers.
"""

import functools
import json
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as ops
from torch import nn

from model.inference import BATCH, check_pixels
from model.preprocess.place import SIDE

Arithmetic = Literal["int8", "bfloat16", "float32"]
ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)
"""The fastest first."""

RANGES = "ranges.json"
"""In the folder of a released network; without it there are no integers."""

INTEGER_FLAGS = {"avx512_vnni", "avx_vnni", "amx_int8"}
"""Processors that multiply bytes without losing any bit of the sums; older ones saturate at 16 bits."""

ONE_AT_A_TIME = {"NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
HINTS = {"int8": "f32", "bfloat16": "bf16", "float32": "f32"}


class NotCompilable(RuntimeError):
    """The network has a layer that is not known here, or more or fewer layers than there are ranges."""


class Compiled:
    """Answers as `Classifier` does, and the same for a picture whatever batch it travels in. Calls must not overlap."""

    def __init__(
        self, layers: nn.Sequential, arithmetic: Arithmetic, maxima: Sequence[float] | None, threads: int = 1, side: int = SIDE
    ) -> None:
        """`layers` as `model.inference.fold` makes them; `maxima`, of int8, as `ranges.json` says them; `side` of the pictures.

        Raises NotCompilable, and RuntimeError where the compiler refuses.
        """
        self.arithmetic = arithmetic
        self.side = side
        network = _network(layers, maxima if arithmetic == "int8" else None, side)
        options = {**ONE_AT_A_TIME, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": HINTS[arithmetic]}
        compiled = _core().compile_model(network, "CPU", options)
        self.threads = int(compiled.get_property("INFERENCE_NUM_THREADS"))
        """It computes with; no more than the processor has cores."""
        self._request = compiled.create_infer_request()

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`uint8[n, side, side]` to calibrated logits `float32[n, 10]`. Raises ValueError for another shape or dtype."""
        check_pixels(pixels, self.side)
        answer = np.empty((len(pixels), 10), np.float32)
        for start in range(0, len(pixels), BATCH):
            [answer[start : start + BATCH]] = self._request.infer([pixels[start : start + BATCH]]).values()
        return answer


@functools.cache
def _core() -> openvino.Core:
    """The only one, never let go of.

    Each brings an alternate stack for signals and puts back, as it goes, the one it found, which is another's that may be gone by then: a
    process ended by a segmentation fault at its next signal, Ctrl-C included.
    """
    return openvino.Core()


def native(maxima: Sequence[float] | None, flags: frozenset[str] | None = None) -> list[Arithmetic]:
    """What this processor (or one with these `flags`) computes by its own instructions, the fastest first."""
    flags = processor_flags() if flags is None else flags
    offered = {"float32": True, "bfloat16": "avx512_bf16" in flags or "amx_bf16" in flags}
    offered["int8"] = maxima is not None and bool(flags & INTEGER_FLAGS)
    return [arithmetic for arithmetic in ARITHMETICS if offered[arithmetic]]


def processor_flags() -> frozenset[str]:
    """The instruction sets that Linux tells of an x86 processor; elsewhere none."""
    told = Path("/proc/cpuinfo")
    if platform.machine() not in ("x86_64", "AMD64") or not told.exists():
        return frozenset()
    lines = told.read_text().splitlines()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), ()))


def read_maxima(released: Path) -> list[float] | None:
    """The largest input of each layer with weights on training pictures, in the layers' order; None where none were taken."""
    file = released / RANGES
    return [float(top) for top in json.loads(file.read_text(encoding="utf-8"))["maxima"]] if file.exists() else None


def _network(layers: nn.Sequential, maxima: Sequence[float] | None, side: int) -> openvino.Model:
    pixels = ops.parameter(openvino.PartialShape([-1, side, side]), openvino.Type.u8, name="pixels")
    x: Any = ops.unsqueeze(ops.convert(pixels, "f32"), ops.constant(np.array([1])))
    weighted = sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in layers)
    if maxima is not None and len(maxima) != weighted:
        raise NotCompilable(f"{RANGES} tells of {len(maxima)} layers and the network has {weighted}")
    tops: Iterator[float | None] = iter([None] * weighted if maxima is None else maxima)
    for layer in layers:
        match layer:
            case nn.Conv2d():
                x, weights = _operands(x, _numbers(layer.weight), next(tops))
                padding, bias = list(layer.padding), _numbers(layer.bias).reshape(1, -1, 1, 1)
                x = ops.add(ops.convolution(x, weights, list(layer.stride), padding, padding, list(layer.dilation)), ops.constant(bias))
            case nn.Linear():
                x, weights = _operands(x, _numbers(layer.weight), next(tops))
                x = ops.add(ops.matmul(x, weights, False, True), ops.constant(_numbers(layer.bias)))
            case nn.ReLU():
                x = ops.relu(x)
            case nn.MaxPool2d():
                size, rounding = [layer.kernel_size] * 2, "ceil" if layer.ceil_mode else "floor"
                x = ops.max_pool(x, size, [1, 1], [0, 0], [0, 0], size, rounding).output(0)
            case nn.AdaptiveAvgPool2d(output_size=1):
                x = ops.reduce_mean(x, ops.constant(np.array([2, 3])), True)
            case nn.Flatten():
                x = ops.reshape(x, ops.constant(np.array([0, -1])), True)
            case _:
                raise NotCompilable(f"a layer {type(layer).__name__} is not known")
    return openvino.Model([x], [pixels], "digits")


def _operands(x: Any, weights: NDArray[np.float32], top: float | None) -> tuple[Any, Any]:
    """A layer's input and its weights: on levels, or as they are where no `top` is given."""
    return (x, ops.constant(weights)) if top is None else (_on_levels(x, top), _weights_on_levels(weights))


def _on_levels(x: Any, top: float) -> Any:
    """On 256 levels from 0 to `top`: pixels, and what leaves a ReLU, are never below 0."""
    ends = [ops.constant(np.float32(end)) for end in (0, top)]
    return ops.fake_quantize(x, *ends, *ends, 256)


def _weights_on_levels(weights: NDArray[np.float32]) -> Any:
    """On 255 levels around 0, as far as each output's largest weight."""
    top = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True)
    ends = [ops.constant(end) for end in (-top, top)]
    return ops.fake_quantize(ops.constant(weights), *ends, *ends, 255)


def _numbers(tensor: Any) -> NDArray[np.float32]:
    numbers: NDArray[np.float32] = np.ascontiguousarray(tensor.detach().numpy())
    return numbers

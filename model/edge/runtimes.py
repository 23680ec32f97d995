"""Every edge runtime that there is a file for, by name. Naming one imports none of its packages."""

from collections.abc import Sequence

from model.edge.executorch_runtime import ExecuTorch
from model.edge.litert_runtime import LiteRT
from model.edge.onnx_runtime import OnnxRuntime
from model.edge.runtime import Runtime

RUNTIMES: tuple[Runtime, ...] = (OnnxRuntime(), ExecuTorch(), LiteRT())
NAMES = tuple(runtime.name for runtime in RUNTIMES)


def chosen(names: Sequence[str]) -> list[Runtime]:
    """Those of these names, in the order of `RUNTIMES`."""
    return [runtime for runtime in RUNTIMES if runtime.name in names]

"""ONNX Runtime: a file of pixels `uint8[n, 28, 28]` to logits `float32[n, 10]`, for any n, that says nothing of where it was made."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.edge.runtime import Levels, Runtime, each_way
from model.reader import Reader

INPUT, OUTPUT = "pixels", "logits"
QUANTISED = ["Conv", "Gemm", "MatMul", "MaxPool", "Relu", "ReduceMean", "Reshape", "Flatten"]
"""Operations with integers on both sides; the division of pixels stays in floating point."""


class OnnxRuntime(Runtime):
    """Integers are written as pairs of QuantizeLinear and DequantizeLinear, which ONNX Runtime fuses into integer operations."""

    name = "onnx"
    title = "ONNX Runtime"
    suffix = ".onnx"
    reads_with = ("onnxruntime",)
    writes_with = ("onnx", "onnxscript")
    install = "pip install onnxruntime"
    install_to_write = "pip install onnx onnxruntime onnxscript"
    levels = each_way("min-max", "percentile")

    def write(self, layers: Any, file: Path, levels: Levels | None, pictures: NDArray[np.uint8]) -> None:
        self.need_to_write()
        with tempfile.TemporaryDirectory() as scratch:
            plain = Path(scratch) / "float32.onnx"
            _write_plain(layers, plain)
            if levels is None:
                shutil.move(plain, file)
            else:
                _write_integers(plain, file, levels, pictures)

    def open(self, file: Path, threads: int = 1) -> Reader:
        self.need_to_read()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        return _Session(onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]))


class _Session:
    def __init__(self, session: Any) -> None:
        self._session = session

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = self._session.run([OUTPUT], {INPUT: pixels})[0]
        return logits


def _write_plain(layers: Any, file: Path) -> None:
    import onnx
    import torch
    from torch import Tensor, nn

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, pixels: Tensor) -> Tensor:
            logits: Tensor = self.layers(pixels.unsqueeze(1).float() / 255)
            return logits

    made = torch.onnx.export(
        Whole().eval(),
        (torch.zeros(2, 28, 28, dtype=torch.uint8),),
        dynamo=True,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: torch.export.Dim("n")},),
        verbose=False,
    )
    assert made is not None  # only without dynamo
    network = made.model_proto
    graph = network.graph
    for part in (network, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]  # source lines with the exporting machine's paths
        part.doc_string = ""
    onnx.save(network, str(file))


def _write_integers(plain: Path, file: Path, levels: Levels, pictures: NDArray[np.uint8]) -> None:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

    class Calibration(CalibrationDataReader):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self._left: Iterator[NDArray[np.uint8]] = iter(pictures)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            picture = next(self._left, None)  # one at a time: a last batch that is smaller than the others is refused
            return None if picture is None else {INPUT: picture[None]}

    last = [node.name for node in onnx.load(str(plain)).graph.node if node.op_type in ("Gemm", "MatMul")][-1:]
    quantize_static(
        str(plain),
        str(file),
        Calibration(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        calibrate_method={"min-max": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}[levels.ranges],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=QUANTISED,
        nodes_to_exclude=last if levels.last_layer == "float32" else [],
    )

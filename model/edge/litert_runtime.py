"""LiteRT, TensorFlow Lite's new name: a flatbuffer of one picture, `float32[1, 1, 28, 28]` in 0..1, for XNNPACK's kernels."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.edge.runtime import Levels, Runtime, each_way
from model.reader import Reader

IN_FLOATING_POINT = ("INPUT", "OUTPUT")
"""So that a file is asked the same way in either arithmetic."""


class LiteRT(Runtime):
    """Its quantiser knows one range, the moving average of a picture's least and largest value."""

    name = "litert"
    title = "LiteRT"
    suffix = ".tflite"
    reads_with = ("ai_edge_litert",)
    writes_with = ("litert_torch", "litert_converter", "ai_edge_quantizer", "torchao")
    install = "pip install ai-edge-litert"
    install_to_write = (
        "pip install '.[edge]' && pip install --no-deps litert-torch litert-converter ai-edge-quantizer "
        "absl-py immutabledict jax jaxlib opt_einsum rich"
    )
    levels = each_way("moving average")

    def write(self, layers: Any, file: Path, levels: Levels | None, pictures: NDArray[np.uint8]) -> None:
        self.need_to_write()
        import litert_torch
        import torch

        converted = litert_torch.convert(layers, (torch.zeros(1, 1, 28, 28),))
        if levels is None:
            converted.export(str(file))
            return
        with tempfile.TemporaryDirectory() as scratch:
            plain = Path(scratch) / "float32.tflite"
            converted.export(str(plain))
            _write_integers(plain, file, levels, pictures)

    def open(self, file: Path, threads: int = 1) -> Reader:
        self.need_to_read()
        from ai_edge_litert.interpreter import Interpreter

        return _Interpreted(Interpreter(str(file), num_threads=threads))


class _Interpreted:
    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        interpreter.allocate_tensors()
        [given], [answered] = interpreter.get_input_details(), interpreter.get_output_details()
        self._given, self._answered = given["index"], answered["index"]

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        answer = np.empty((len(pixels), 10), np.float32)
        for number, picture in enumerate(pixels.astype(np.float32) / 255):
            self._interpreter.set_tensor(self._given, picture[None, None])
            self._interpreter.invoke()
            answer[number] = self._interpreter.get_tensor(self._answered)
        return answer


def _write_integers(plain: Path, file: Path, levels: Levels, pictures: NDArray[np.uint8]) -> None:
    from ai_edge_quantizer import quantizer, recipe_manager
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    recipe = recipe_manager.RecipeManager()
    recipe.add_static_config(regex=".*", operation_name=TFLOperationName.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
    for operation in (*IN_FLOATING_POINT, *(["FULLY_CONNECTED"] if levels.last_layer == "float32" else [])):
        recipe.add_quantization_config(".*", TFLOperationName(operation), algorithm_key=AlgorithmName.NO_QUANTIZE)
    quantiser = quantizer.Quantizer(str(plain), recipe.get_quantization_recipe())
    [(signature, tensors)] = _signatures(plain).items()
    [given] = tensors["inputs"]
    seen = quantiser.calibrate({signature: [{given: picture[None, None]} for picture in pictures.astype(np.float32) / 255]}, num_threads=1)
    quantiser.quantize(seen).export_model(str(file), overwrite=True)


def _signatures(file: Path) -> dict[str, dict[str, list[str]]]:
    from ai_edge_litert.interpreter import Interpreter

    found: dict[str, dict[str, list[str]]] = Interpreter(str(file)).get_signature_list()
    return found

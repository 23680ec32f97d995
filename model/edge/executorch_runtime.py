"""ExecuTorch, which took PyTorch Mobile's place: a program of one picture, `float32[1, 1, 28, 28]` in 0..1, for XNNPACK's kernels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.edge.runtime import Levels, Runtime, each_way
from model.reader import Reader

CALIBRATED_TOGETHER = 64
LEAST_STEP = 2**-12
"""Between two levels, as ExecuTorch's own configuration of XNNPACK has it."""


class ExecuTorch(Runtime):
    """Its Python runtime takes torch's tensors, so this one needs torch to read as well."""

    name = "executorch"
    title = "ExecuTorch"
    suffix = ".pte"
    reads_with = ("executorch",)
    writes_with = ("torchao",)
    install = "pip install executorch"
    install_to_write = "pip install executorch"
    levels = each_way("min-max", "histogram")

    def write(self, layers: Any, file: Path, levels: Levels | None, pictures: NDArray[np.uint8]) -> None:
        self.need_to_write()
        import torch
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        whole = layers if levels is None else _with_levels(layers, levels, pictures)
        exported = torch.export.export(whole, (torch.zeros(1, 1, 28, 28),))
        program = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
        file.write_bytes(program.buffer)

    def open(self, file: Path, threads: int = 1) -> Reader:
        self.need_to_read()
        from executorch.extension.pybindings.portable_lib import _threadpool_get_thread_count, _unsafe_reset_threadpool
        from executorch.runtime import Runtime as Loader

        if _threadpool_get_thread_count() != threads:
            _unsafe_reset_threadpool(threads)  # the process's own, which programs that are open already still point to
        return _Program(Loader.get().load_program(file))


class _Program:
    def __init__(self, program: Any) -> None:
        self._program = program  # its method lives no longer
        self._forward = program.load_method("forward")

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        import torch

        answer = np.empty((len(pixels), 10), np.float32)
        for number, picture in enumerate(torch.from_numpy(pixels.astype(np.float32) / 255)):
            answer[number] = self._forward.execute((picture[None, None],))[0].numpy()
        return answer


def _with_levels(layers: Any, levels: Levels, pictures: NDArray[np.uint8]) -> Any:
    import torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
    from torchao.quantization.pt2e import HistogramObserver, MinMaxObserver
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    observer = {"min-max": MinMaxObserver, "histogram": HistogramObserver}[levels.ranges].with_args(eps=LEAST_STEP)
    spread = get_symmetric_quantization_config(is_per_channel=True)
    watched = {
        side: replace(getattr(spread, side), observer_or_fake_quant_ctr=observer) for side in ("input_activation", "output_activation")
    }
    quantiser = XNNPACKQuantizer().set_global(replace(spread, **watched))
    if levels.last_layer == "float32":
        quantiser.set_filter_function(lambda node: node.target is not torch.ops.aten.linear.default)
    together = (torch.zeros(2, 1, 28, 28),)
    graph = prepare_pt2e(torch.export.export(layers, together, dynamic_shapes=({0: torch.export.Dim("n", min=1)},)).module(), quantiser)
    with torch.no_grad():
        for start in range(0, len(pictures), CALIBRATED_TOGETHER):
            graph(torch.from_numpy(pictures[start : start + CALIBRATED_TOGETHER].astype(np.float32) / 255).unsqueeze(1))
    return convert_pt2e(graph)

"""How long the network takes by itself, and on which machine: pixels in, logits out, nothing of the service around it."""

import contextlib
import copy
import os
import platform
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.timing import processor, timed

BATCHES = {1: 1_000, 16: 400, 64: 200}
"""Pictures in a call, and calls timed."""


def cpu_latency(logits: Callable[[NDArray[np.uint8]], object], batches: dict[int, int] = BATCHES, side: int = 28) -> dict[str, Any]:
    """Milliseconds a call on one thread of this machine: median and 95th percentile for each batch size."""
    with one_thread():
        return {"processor": processor(), "threads": 1, "batches": [timed(logits, batch, runs, side) for batch, runs in batches.items()]}


def cuda_latency(layers: nn.Module, batches: dict[int, int] = BATCHES) -> dict[str, Any]:
    """As `cpu_latency` on the first GPU, copying pixels there and logits back included. Raises RuntimeError without one."""
    there = copy.deepcopy(layers).to("cuda")

    def logits(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            answer: NDArray[np.float32] = there(torch.from_numpy(pixels).to("cuda").unsqueeze(1).float()).cpu().numpy()
            return answer

    return {"processor": torch.cuda.get_device_name(), "batches": [timed(logits, batch, runs) for batch, runs in batches.items()]}


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within it torch computes on one thread, as a serving worker does; afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def machine() -> dict[str, Any]:
    """What the numbers were taken on, and how busy it was: latencies from a loaded machine are no machine's best."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }

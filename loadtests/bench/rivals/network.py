"""The network as every rival has it: one thread, optimised where it is loaded, PNGs in and digits out."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from loadtests.bench.rivals.environment import NETWORK

LARGEST_BATCH = 16


class Network:
    """A TorchScript file, `uint8[n, 28, 28]` to logits `float32[n, 10]`."""

    def __init__(self, file: Path) -> None:
        torch.set_num_threads(1)
        loaded = torch.jit.load(str(file)).eval()  # type: ignore[no-untyped-call]
        self._network = torch.jit.optimize_for_inference(loaded)
        for pictures in (1, LARGEST_BATCH) * 3:  # it is compiled at first use
            self.read(np.zeros((pictures, 28, 28), np.uint8))

    @classmethod
    def given(cls) -> "Network":
        """The one of the environment."""
        return cls(Path(os.environ[NETWORK]))

    def read(self, pictures: NDArray[np.uint8]) -> list[dict[str, Any]]:
        """An answer a picture."""
        with torch.inference_mode():
            probabilities = self._network(torch.from_numpy(pictures)).softmax(1)
        digits = probabilities.argmax(1).tolist()
        return [{"digit": digit, "probabilities": each} for digit, each in zip(digits, probabilities.tolist(), strict=True)]


def decoded(uploads: Sequence[bytes]) -> NDArray[np.uint8]:
    """`uint8[n, 28, 28]`"""
    return np.stack([np.asarray(cv2.imdecode(np.frombuffer(upload, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8) for upload in uploads])

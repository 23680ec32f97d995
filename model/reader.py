"""What is measured: whatever reads canonical pixels, be it `model.inference.Classifier`, an export on a device, or a fake in a test."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Reader(Protocol):
    """Canonical pixels `uint8[n, 28, 28]` to calibrated logits `float32[n, 10]`."""

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...

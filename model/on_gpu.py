"""The released network on a GPU, through PyTorch."""

import copy
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.inference import BATCH, check_pixels
from model.preprocess.place import SIDE

Precision = Literal["float16", "float32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""The fastest first."""


class OnGpu:
    """Answers as `Classifier` does; a picture's logits may depend on the batch it travels in by the noise of the precision."""

    def __init__(self, layers: nn.Sequential, device: torch.device, precision: Precision, side: int = SIDE) -> None:
        """`layers` as `model.inference.fold` makes them; they stay as they are. Raises RuntimeError where the device refuses."""
        self.arithmetic = f"{device.type}-{precision}"
        self.side = side
        self._device = device
        self._dtype: torch.dtype = getattr(torch, precision)
        self._layers = copy.deepcopy(layers).to(device, self._dtype)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`uint8[n, side, side]` to calibrated logits `float32[n, 10]`. Raises ValueError for another shape or dtype."""
        check_pixels(pixels, self.side)
        answer = np.empty((len(pixels), 10), np.float32)
        with torch.inference_mode():
            for start in range(0, len(pixels), BATCH):
                # Bytes go over, not numbers: a quarter or half of the way's load.
                batch = torch.from_numpy(np.ascontiguousarray(pixels[start : start + BATCH])).to(self._device)
                answer[start : start + BATCH] = self._layers(batch.to(self._dtype).unsqueeze(1)).float().cpu().numpy()
        return answer

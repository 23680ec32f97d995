"""Known digits sent through reading and model at a slow rate, never out of a cache: accuracy that is seen without anybody's labels."""

import asyncio
import itertools
import logging

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.errors import Problem
from gateway.known import KnownDigits
from gateway.metrics import Metrics
from gateway.prediction import Predictor
from gateway.seams import VersionGone
from gateway.turn import Turn

log = logging.getLogger(__name__)


class Canary:
    """Counted in a series of its own and in no other. A digit that is read wrong is sent again next, so two in a row are one digit's.

    Of the processes behind one port, whoever has the turn sends.
    """

    def __init__(self, predictor: Predictor, known: KnownDigits, metrics: Metrics, seconds: float, turn: Turn) -> None:
        self._predictor, self._known, self._metrics, self._seconds, self._turn = predictor, known, metrics, seconds, turn

    async def run(self) -> None:
        """Send for ever, one digit each `seconds`."""
        for pixels, label in itertools.cycle(zip(self._known.pixels, self._known.labels, strict=True)):
            while True:
                await asyncio.sleep(self._seconds)
                if self._turn.take() and await self._read_right(pixels, int(label)):
                    break

    async def _read_right(self, pixels: NDArray[np.uint8], label: int) -> bool:
        """Whether it was not read wrong; where there is no answer, readiness tells."""
        try:
            digit, version = await self._predictor.probe(cv2.imencode(".png", pixels)[1].tobytes())
        except (Problem, VersionGone):
            return True
        self._metrics.canary.labels(str(label), str(digit), version).inc()
        if digit != label:
            log.error("version %s reads a known %d as %d", version, label, digit)
        return digit == label

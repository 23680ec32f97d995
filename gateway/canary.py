"""Known digits sent through reading and model at a slow rate, never out of a cache: accuracy that is seen without anybody's labels."""

import asyncio
import logging

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.errors import Problem
from gateway.metrics import Metrics
from gateway.prediction import Predictor
from gateway.seams import VersionGone
from gateway.turn import Turn
from gateway.versions import ModelWatch

log = logging.getLogger(__name__)


class Canary:
    """Counted in a series of its own and in no other. A digit that is read wrong is sent again next, so two in a row are one digit's.

    Of a model that nothing is known of, none is sent. Of the processes behind one port, whoever has the turn sends.
    """

    def __init__(self, predictor: Predictor, watch: ModelWatch, metrics: Metrics, seconds: float, turn: Turn) -> None:
        self._predictor, self._watch, self._metrics, self._seconds, self._turn = predictor, watch, metrics, seconds, turn

    async def run(self) -> None:
        """Send for ever, one digit each `seconds`."""
        sent = 0
        while True:
            await asyncio.sleep(self._seconds)
            known = self._watch.known
            if known is None or not self._turn.take():
                continue
            next_one = sent % len(known.labels)
            if await self._read_right(known.pixels[next_one], int(known.labels[next_one])):
                sent += 1

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

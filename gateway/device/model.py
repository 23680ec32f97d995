"""What stands in TorchServe's place on a small device: the model that a prediction asks, and the one version that there is."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.contract import ModelVersion, Prediction
from gateway.device.network import Network
from gateway.errors import ModelMisbehaved, Problem
from gateway.known import KnownDigits
from gateway.metrics import Metrics
from gateway.reference import CLASSES
from gateway.seams import Check
from gateway.sharing import Share
from gateway.trace import Headers


class DeviceModel:
    """The network as `gateway.seams.Model`: counted as TorchServe's answers are, and believed as little."""

    def __init__(self, network: Network, metrics: Metrics) -> None:
        self._network, self._metrics = network, metrics

    async def logits(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """One Prediction for each canonical picture, in order. Raises ModelMisbehaved."""
        started = time.perf_counter()
        outcome = "ok"
        try:
            return await self.ask(model, pixels, whose)
        except Problem:
            outcome = "misbehaved"
            raise
        finally:
            self._metrics.model_requests.labels(outcome).inc()
            self._metrics.model_duration.observe(time.perf_counter() - started)
            self._metrics.batch_size.observe(len(pixels))

    async def ask(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """As `logits`, in no series."""
        logits = await self._network.logits(np.stack(pixels))
        if logits.shape != (len(pixels), CLASSES):
            raise ModelMisbehaved(f"the network answered {logits.shape} for {len(pixels)} pictures")
        if not np.isfinite(logits).all():
            raise ModelMisbehaved("the network answered numbers that are not finite")
        return Prediction.from_logits(logits)


class DeviceVersion:
    """The version that is served, as `gateway.seams.Watch`: there is one, and it stays."""

    computing = Check(True)
    sharing: Share | None = None
    shadowed: ModelVersion | None = None

    def __init__(self, file: Path, facts: dict[str, Any]) -> None:
        self.name = str(facts["model"])
        where = file.absolute().as_uri()
        self.current = ModelVersion(self.name, str(facts["version"]), where, where, facts)

    def doubt(self, model: ModelVersion) -> None:
        """There is none beside the served one."""

    async def look_beyond(self, gone: ModelVersion) -> None:
        """There is no other."""


class KnownCheck:
    """Whether known digits are read right: the next one each time that somebody asks."""

    def __init__(self, model: DeviceModel, served: DeviceVersion, known: KnownDigits) -> None:
        self._model, self._served, self._known = model, served, known
        self._asked = 0
        self.last = Check(False, "no known digit was asked yet")

    async def look(self) -> Check:
        place = self._asked % len(self._known.labels)
        self._asked += 1
        label = int(self._known.labels[place])
        try:
            [prediction] = await self._model.ask(self._served.current, [self._known.pixels[place]])
        except Problem as problem:
            self.last = Check(False, problem.detail)
        else:
            self.last = Check(True) if prediction.digit == label else Check(False, f"a known {label} was read as {prediction.digit}")
        return self.last

    async def misread(self) -> int:
        """How many of all known digits are read wrong. Raises ModelMisbehaved."""
        wrong = 0
        for pixels, label in zip(self._known.pixels, self._known.labels, strict=True):
            [prediction] = await self._model.ask(self._served.current, [pixels])
            wrong += prediction.digit != label
        return wrong

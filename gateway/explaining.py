"""Where the model looked: maps of canonical pixels, one at a time and in a queue of their own, so that predictions wait for one at most."""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.batching import Batcher, QueueFull
from gateway.contract import ModelVersion
from gateway.errors import ModelUnavailable, OverCapacity
from gateway.flights import Flight, Flights
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.seams import RETRY_AFTER_SECONDS, VersionGone

MOST_WAITING = 64
"""A map takes the model some milliseconds: they are computed within a deadline of seconds."""

REMEMBERED = 2_048
"""Maps of 3 KB each, where pictures have a side of 28."""

DECIMALS = 4

Map = NDArray[np.float32]


class MapKey(NamedTuple):
    """Which map: by which version, of which canonical pixels (`digest`: their SHA-256), for which digit."""

    version: str
    digest: bytes
    digit: int


class _Picture(Flight[Map]):
    __slots__ = ("key", "model", "pixels")

    def __init__(self, key: MapKey, model: ModelVersion, pixels: NDArray[np.uint8]) -> None:
        super().__init__()
        self.key, self.model, self.pixels = key, model, pixels


class Explainer:
    """Explains canonical pixels; equal ones in flight share one map, and the newest maps are remembered."""

    def __init__(self, client: ModelClient, metrics: Metrics, remembered: int = REMEMBERED) -> None:
        self._client, self._metrics, self._remembered = client, metrics, remembered
        self._maps: OrderedDict[MapKey, Map] = OrderedDict()
        self._flights = Flights[MapKey, _Picture]()
        self._queue = Batcher[_Picture](self._compute, largest=1, in_flight=1, waiting=MOST_WAITING)

    async def explain(self, model: ModelVersion, pixels: NDArray[np.uint8], digest: bytes, digit: int) -> Map:
        """What spoke for this digit, float32[side, side] in 0..1, to DECIMALS. Who asks sets the deadline.

        Raises OverCapacity, or what `ModelClient.explain` does; ModelUnavailable for a version that has just gone.
        """
        key = MapKey(model.cache_version, digest, digit)
        if (told := self._maps.get(key)) is not None:
            self._maps.move_to_end(key)
            self._metrics.explanations.labels("remembered").inc()
            return told
        picture = self._flights.joinable(key) or _Picture(key, model, pixels)
        computed: Map = await self._flights.result(key, picture, self._queue_up)
        return computed

    async def close(self) -> None:
        await self._queue.close()

    def _queue_up(self, picture: _Picture) -> None:
        try:
            self._queue.post(picture)
        except QueueFull:
            self._metrics.shed.labels("explanations").inc()
            picture.fail(OverCapacity("too many explanations are asked for at a time; try again", retry_after_seconds=1))

    async def _compute(self, batch: list[_Picture]) -> None:
        [picture] = batch
        outcome = "failed"
        try:
            told = (await self._client.explain(picture.model, picture.pixels, picture.key.digit)).round(DECIMALS)
            outcome = "computed"
        except VersionGone as error:
            raise ModelUnavailable("the model is being replaced; try again", retry_after_seconds=RETRY_AFTER_SECONDS) from error
        finally:
            self._metrics.explanations.labels(outcome).inc()
        self._maps[picture.key] = told
        if len(self._maps) > self._remembered:
            self._maps.popitem(last=False)
        picture.land(told)

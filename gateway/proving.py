"""Whether a version may answer: it says what it is, and reads every known digit right. Who misreads is asked again, ever more seldom."""

import logging
import re
import time
from collections.abc import Callable, Container
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.contract import ModelVersion
from gateway.errors import Problem
from gateway.known import KnownDigits
from gateway.model_client import ModelClient
from gateway.seams import LARGEST_BATCH, VersionGone

log = logging.getLogger(__name__)

VERSION = re.compile(r"[0-9a-f]{12}")
"""A fingerprint, as our archives carry it and prediction ids hold it."""

Urls = tuple[str, str]
"""Of one instance: for inference, and for management."""

Place = tuple[Urls, str]
"""A version on an instance."""


FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""How long who misread is left alone: twice as long each time."""


class Unproven(Exception):
    """This version may not answer; the message says why."""


class _Misread(NamedTuple):
    """What was read wrong at a place, and when it is asked again."""

    wrong: str
    pause_seconds: float
    again_at: float


class Prover:
    """Asks versions of the model `name`. `known` is None for a model whose archive brings its own; with none there either, it has to
    answer, whatever that is."""

    def __init__(self, client: ModelClient, known: KnownDigits | None, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._client, self._known, self._name, self._clock = client, known, name, clock
        self._misreading: dict[Place, _Misread] = {}

    def known(self, model: ModelVersion) -> KnownDigits | None:
        """What it must read right."""
        return self._known or model.known

    async def prove(self, place: Place) -> ModelVersion:
        """The version at this place, all of whose known digits it has read right. Raises Unproven, without asking who misread just now."""
        urls, version = place
        before = self._misreading.get(place)
        if before is not None and self._clock() < before.again_at:
            raise Unproven(f"version {version} reads {before.wrong}")
        try:
            model = ModelVersion(self._name, version, *urls, facts=await self._facts(urls, version))
            wrong = await self._misread(model)
        except (Problem, VersionGone) as failure:
            raise Unproven(f"version {version} could not be checked: {failure}") from failure
        if wrong is not None:
            self._refuse(place, wrong, before)
            raise Unproven(f"version {version} reads {wrong}")
        self._misreading.pop(place, None)
        return model

    def forget(self, but: Container[Place] = ()) -> None:
        """Ask who misread at once the next time, except at those places."""
        self._misreading = {place: misread for place, misread in self._misreading.items() if place in but}

    def _refuse(self, place: Place, wrong: str, before: _Misread | None) -> None:
        if before is None or before.wrong != wrong:
            log.error("version %s reads %s; it is not served", place[1], wrong)
        pause = FIRST_PAUSE_SECONDS if before is None else min(2 * before.pause_seconds, LONGEST_PAUSE_SECONDS)
        self._misreading[place] = _Misread(wrong, pause, self._clock() + pause)

    async def ask(self, model: ModelVersion, number: int) -> str | None:
        """As what the known digit of this number was misread, in words; None: it was not, or nothing is known and it answered.

        Raises as `ModelClient.ask` does.
        """
        known = self.known(model)
        asked = 0 if known is None else number % len(known.labels)
        [prediction] = await self._client.ask(model, [_blank(model) if known is None else known.pixels[asked]])
        if known is None or prediction.digit == (label := int(known.labels[asked])):
            return None
        return f"a known {label} was read as {prediction.digit}"

    async def _facts(self, urls: Urls, version: str) -> dict[str, Any]:
        if not VERSION.fullmatch(version):
            raise Unproven(f"version {version!r} is no fingerprint of 12 hex digits; build the archive with `make archive`")
        facts = await self._client.facts(urls[0], self._name, version)
        if facts.get("version") != version:
            raise Unproven(f"version {version} says that it is {facts.get('version')}")
        return facts

    async def _misread(self, model: ModelVersion) -> str | None:
        """What it reads wrong, in words; None: nothing. Where nothing is known it has to answer."""
        known = self.known(model)
        if known is None:
            await self._client.ask(model, [_blank(model)])
            return None
        wrong = 0
        for start in range(0, len(known.labels), LARGEST_BATCH):
            chosen = slice(start, start + LARGEST_BATCH)
            predictions = await self._client.ask(model, list(known.pixels[chosen]))
            wrong += sum(prediction.digit != label for prediction, label in zip(predictions, known.labels[chosen], strict=True))
        return f"{wrong} of {len(known.labels)} known digits wrong" if wrong else None


def _blank(model: ModelVersion) -> NDArray[np.uint8]:
    return np.zeros((model.side, model.side), np.uint8)

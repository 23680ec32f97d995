"""Which model version is served, and whether it can be trusted now: seen from outside, by describing and by asking known digits."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.contract import DEFAULT_MODEL, ModelVersion
from gateway.errors import ModelUnavailable, Problem
from gateway.known import KnownDigits
from gateway.metrics import Metrics
from gateway.model_client import LARGEST_BATCH, RETRY_AFTER_SECONDS, Described, ModelClient, VersionGone

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the instances are described, and how often a known digit is sent."""

SILENT_LOOKS = 5
"""After so many looks without an answer an instance is gone, if another has a version to serve."""

VERSION = re.compile(r"[0-9a-f]{12}")
"""A fingerprint, as our archives carry it and prediction ids hold it."""

FRESH_SECONDS = 5.0
"""How old the newest right answer may be for the model to count as working."""


NOTHING_KNOWN = "its archive holds no known pictures; that it answers is all that can be said"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of /readyz: well, or the reason why not."""

    ok: bool
    reason: str | None = None


class ModelWatch:
    """Adopts a version once it is READY and reads every known digit right; keeps it until it is gone and another has passed.

    When no instance answers the version stays: hits are still served, and misses say themselves why they fail.
    """

    def __init__(
        self,
        client: ModelClient,
        instances: tuple[tuple[str, str], ...],
        known: KnownDigits | None,
        metrics: Metrics,
        name: str = DEFAULT_MODEL,
    ) -> None:
        """`known` is None for a model whose archive brings its own; with none there either, it has to answer, whatever that is."""
        self.name = name
        self.workers_ready = 0
        """Of the served version."""
        self._client = client
        self._instances = instances
        self._known = known
        self._metrics = metrics
        self._looking = asyncio.Lock()
        self._asked = 0
        self._silent_looks = 0
        self._torchserve = Check(False, "no TorchServe instance was asked yet")
        self._model = Check(False, "no model version was found yet")
        self._current: ModelVersion | None = None

    @property
    def current(self) -> ModelVersion:
        """The version that is served. Raises ModelUnavailable when none was ever found."""
        if self._current is None:
            raise ModelUnavailable(self._model.reason or "no model yet", retry_after_seconds=RETRY_AFTER_SECONDS)
        return self._current

    @property
    def known(self) -> KnownDigits | None:
        """What the served version must read right; None where nothing is known, or nothing served yet."""
        return self._known or (None if self._current is None else self._current.known)

    @property
    def torchserve(self) -> Check:
        """Whether at least one worker of the served version is READY."""
        return self._torchserve

    @property
    def model(self) -> Check:
        """Whether the served version answered in the last FRESH_SECONDS, and its last known digit was read right."""
        if not self._model.ok:
            return self._model
        age = time.monotonic() - self._client.last_answer_at
        return self._model if age <= FRESH_SECONDS else Check(False, f"no answer from the model for {age:.1f} s")

    @property
    def ready(self) -> bool:
        return self.torchserve.ok and self.model.ok

    def serves(self, version: str) -> bool:
        return self._current is not None and self._current.version == version

    async def run(self) -> None:
        """Look and ask, for ever."""
        await asyncio.gather(self._repeat(self.look), self._repeat(self.ask_known_digit))

    async def look(self) -> None:
        """Describe every instance once, and adopt another version if the served one is gone."""
        async with self._looking:
            await self._look()

    async def look_beyond(self, gone: ModelVersion) -> None:
        """Look, unless another version than `gone` is served by now: of many requests that lost their version one looks for all."""
        async with self._looking:
            if self._current is gone:
                await self._look()

    async def _look(self) -> None:
        described = [(urls, *await self._describe(urls[1])) for urls in self._instances]
        ready = {(urls, version.version): version.workers_ready for urls, versions, _ in described for version in versions}
        silent = {urls for urls, _, failure in described if failure is not None}
        if self._is_gone(ready, silent):
            for (urls, version), workers in ready.items():
                if workers and await self._adopt(urls, version):
                    break
        self._judge_workers(ready, [failure for _, _, failure in described if failure is not None])

    def _is_gone(self, ready: dict[tuple[tuple[str, str], str], int], silent: set[tuple[str, str]]) -> bool:
        """Whether the served version is no longer there. An instance that says nothing may only be slow: it has SILENT_LOOKS to speak."""
        current = self._current
        if current is None:
            return True
        urls = (current.inference_url, current.management_url)
        self._silent_looks = self._silent_looks + 1 if urls in silent else 0
        return self._silent_looks >= SILENT_LOOKS if urls in silent else (urls, current.version) not in ready

    async def _describe(self, management_url: str) -> tuple[list[Described], str | None]:
        try:
            return await self._client.describe(management_url, self.name), None
        except Problem as problem:
            return [], f"TorchServe: {problem.detail}"

    def _judge_workers(self, ready: dict[tuple[tuple[str, str], str], int], failures: list[str]) -> None:
        current = self._current
        key = None if current is None else ((current.inference_url, current.management_url), current.version)
        workers = sum(ready.values()) if key is None else ready.get(key, 0)
        self.workers_ready = workers
        if workers:
            self._torchserve = Check(True)
        elif failures:
            self._torchserve = Check(False, "; ".join(failures))
        else:
            self._torchserve = Check(False, "no TorchServe worker is READY" if self._instances else "no TorchServe instance is configured")

    async def _adopt(self, urls: tuple[str, str], version: str) -> bool:
        """Serve this version from now on, if it says what it is and reads all known digits right."""
        if not VERSION.fullmatch(version):
            self._model = Check(False, f"version {version!r} is no fingerprint of 12 hex digits; build the archive with `make archive`")
            return False
        try:
            candidate = ModelVersion(self.name, version, *urls, facts=await self._client.facts(urls[0], self.name, version))
            if candidate.facts.get("version") != version:
                self._model = Check(False, f"version {version} says that it is {candidate.facts.get('version')}")
                return False
            wrong = await self._misread(candidate)
        except (Problem, VersionGone) as failure:
            self._model = Check(False, f"version {version} could not be checked: {failure}")
            return False
        if wrong is not None:
            self._model = Check(False, f"version {version} reads {wrong}")
            log.error("%s; it is not served", self._model.reason)
            return False
        log.info("serving model %s version %s", self.name, version)
        self._current, self._model = candidate, Check(True)
        tell = self._metrics.serve_version if self.name == DEFAULT_MODEL else self._metrics.know_version
        tell(version, candidate.reference)
        return True

    async def _misread(self, model: ModelVersion) -> str | None:
        """What it reads wrong, in words; None: nothing. Where nothing is known it has to answer. Raises as `ModelClient.ask` does."""
        known = self._known or model.known
        if known is None:
            await self._client.ask(model, [_blank(model)])
            return None
        wrong = 0
        for start in range(0, len(known.labels), LARGEST_BATCH):
            chosen = slice(start, start + LARGEST_BATCH)
            predictions = await self._client.ask(model, list(known.pixels[chosen]))
            wrong += sum(prediction.digit != label for prediction, label in zip(predictions, known.labels[chosen], strict=True))
        return f"{wrong} of {len(known.labels)} known digits wrong" if wrong else None

    async def ask_known_digit(self) -> None:
        """Send one known digit, the next one each time; read wrong, the model is not ready."""
        model, known = self._current, self.known
        if model is None:
            return
        self._asked += 1
        asked = 0 if known is None else (self._asked - 1) % len(known.labels)
        try:
            [prediction] = await self._client.ask(model, [_blank(model) if known is None else known.pixels[asked]])
        except (Problem, VersionGone):
            return  # the age of the newest answer tells
        if known is None:
            self._model = Check(True, NOTHING_KNOWN)
            return
        label = int(known.labels[asked])
        self._model = Check(True) if prediction.digit == label else Check(False, f"a known {label} was read as {prediction.digit}")

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception:  # a watcher that ends would leave its last word standing for ever
                log.exception("looking after the model failed; trying again")
            await asyncio.sleep(LOOK_SECONDS)


def _blank(model: ModelVersion) -> NDArray[np.uint8]:
    return np.zeros((model.side, model.side), np.uint8)

"""Which model version is served, and whether it can be trusted now: seen from outside, by describing and by asking known digits."""

import asyncio
import logging
import time
from contextlib import suppress

from gateway.again import again_and_again
from gateway.arranging import beside, by_preference, find, place_of, preferred
from gateway.contract import DEFAULT_MODEL, ModelVersion
from gateway.errors import ModelUnavailable, Problem
from gateway.known import KnownDigits
from gateway.metrics import Metrics
from gateway.model_client import Described, ModelClient
from gateway.proving import Place, Prover, Unproven, Urls
from gateway.seams import RETRY_AFTER_SECONDS, Check, VersionGone
from gateway.sharing import Share
from gateway.stage import Stage

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often the instances are described, and how often a known digit is sent."""

SILENT_LOOKS = 5
"""After so many looks without an answer an instance is gone, if another has a version to serve."""

FRESH_SECONDS = 5.0
"""How old the newest right answer may be for the model to count as working."""

NOTHING_KNOWN = "its archive holds no known pictures; that it answers is all that can be said"


class ModelWatch:
    """Adopts a version once it is READY and reads every known digit right; keeps it until it is gone and another has passed.

    When no instance answers the version stays: hits are still served, and misses say themselves why they fail. Where a `stage` names
    versions, its current one is preferred, and its candidate answers or looks on as long as it is well: what reads a known digit wrong or
    does not answer is out at once, and back when it has read all of them right; one that misread in service only with another stage.
    Without a stage the first of the instances serves, as long as it has a proven version: what is listed after it only stands in for it.
    """

    def __init__(
        self,
        client: ModelClient,
        instances: tuple[Urls, ...],
        known: KnownDigits | None,
        metrics: Metrics,
        name: str = DEFAULT_MODEL,
    ) -> None:
        """`known` as a Prover takes it."""
        self.name = name
        self.workers_ready = 0
        """Of the served version."""
        self._client = client
        self._instances = instances
        self._prover = Prover(client, known, name)
        self._known = known
        self._metrics = metrics
        self._looking = asyncio.Lock()
        self._asked = 0
        self._silent_looks = 0
        self._computing = Check(False, "no TorchServe instance was asked yet")
        self._model = Check(False, "no model version was found yet")
        self._current: ModelVersion | None = None
        self._stage: Stage | None = None
        self._ready: dict[Place, int] = {}
        """Workers that are READY, as they were told last."""
        self._proven: dict[Place, ModelVersion] = {}
        """Those that read every known digit right since they were READY."""
        self._distrusted: set[Place] = set()
        """Misread a known digit in service: not trusted again in this stage, though they may read it right."""
        self._complaints: dict[str, str] = {}
        """By version, why it may not answer."""
        self.sharing: Share | None = None
        """What a candidate answers now."""
        self.shadowed: ModelVersion | None = None
        """The candidate, while it only looks on."""

    @property
    def current(self) -> ModelVersion:
        """The version that is served. Raises ModelUnavailable when none was ever found."""
        if self._current is None:
            raise ModelUnavailable(self._model.reason or "no model yet", retry_after_seconds=RETRY_AFTER_SECONDS)
        return self._current

    @property
    def known(self) -> KnownDigits | None:
        """What the served version must read right; None where nothing is known, or nothing served yet."""
        return self._known if self._current is None else self._prover.known(self._current)

    @property
    def stage(self) -> Stage | None:
        """As it was told last; None: nothing was ever rolled out."""
        return self._stage

    @property
    def computing(self) -> Check:
        """Whether at least one worker of the served version is READY."""
        return self._computing

    @property
    def model(self) -> Check:
        """Whether the served version answered in the last FRESH_SECONDS, and its last known digit was read right."""
        if not self._model.ok or self._current is None:
            return self._model
        age = time.monotonic() - self._client.last_answer_at(self._current)
        return self._model if age <= FRESH_SECONDS else Check(False, f"no answer from the model for {age:.1f} s")

    @property
    def ready(self) -> bool:
        return self.computing.ok and self.model.ok

    def deployed(self, version: str) -> ModelVersion | None:
        """That version, whether it is served or beside what is; None where no instance has it, or it may not answer."""
        return self._current if self._current is not None and self._current.version == version else find(version, self._proven)

    def complaint(self, version: str) -> str | None:
        """Why a version may not answer; None: it may."""
        if self.deployed(version) is not None:
            return None
        if not any(workers for (_, name), workers in self._ready.items() if name == version):
            return "no instance has it READY"
        return self._complaints.get(version, "it has not read the known digits yet")

    def follow(self, stage: Stage) -> None:
        """Serve by this stage from now on, as far as its versions are proven."""
        if stage != self._stage:
            self._stage = stage
            self._distrusted.clear()
            self._prover.forget()
            self._arrange()

    def doubt(self, model: ModelVersion) -> None:
        """Somebody had no answer from this version, which is not the served one: it is out until it is proven again."""
        if model is not self._current and place_of(model) in self._proven:
            del self._proven[place_of(model)]
            self._complaints[model.version] = "it did not answer"
            log.warning("model %s version %s did not answer; it is out until it reads the known digits again", self.name, model.version)
            self._arrange()

    async def run(self) -> None:
        """Look, ask and prove, for ever."""
        steps = (self.look, self.ask_known_digit, self.prove, self.ask_others)
        await asyncio.gather(*(again_and_again(step, LOOK_SECONDS, _failed) for step in steps))

    async def look(self) -> None:
        """Describe every instance once, and adopt another version if the served one is gone."""
        async with self._looking:
            await self._look()

    async def look_beyond(self, gone: ModelVersion) -> None:
        """Look, unless another version than `gone` is served by now: of many requests that lost their version one looks for all."""
        self.doubt(gone)
        async with self._looking:
            if self._current is gone:
                await self._look()

    async def _look(self) -> None:
        answers = await asyncio.gather(*(self._describe(management_url) for _, management_url in self._instances))
        described = [(urls, *answer) for urls, answer in zip(self._instances, answers, strict=True)]
        ready = {(urls, version.version): version.workers_ready for urls, versions, _ in described for version in versions}
        silent = {urls for urls, _, failure in described if failure is not None}
        self._ready = ready
        self._prover.forget(but=ready)
        if self._is_gone(ready, silent):
            for urls, version in by_preference(ready, self._stage, self._distrusted):
                if await self._adopt(urls, version):
                    break
        self._proven = {place: model for place, model in self._proven.items() if ready.get(place) or model is self._current}
        self._arrange()
        self._judge_workers(ready, [failure for _, _, failure in described if failure is not None])

    def _is_gone(self, ready: dict[Place, int], silent: set[Urls]) -> bool:
        """Whether the served version is no longer there. An instance that says nothing may only be slow: it has SILENT_LOOKS to speak."""
        current = self._current
        if current is None:
            return True
        urls, _ = place = place_of(current)
        self._silent_looks = self._silent_looks + 1 if urls in silent else 0
        return self._silent_looks >= SILENT_LOOKS if urls in silent else place not in ready

    async def _describe(self, management_url: str) -> tuple[list[Described], str | None]:
        try:
            return await self._client.describe(management_url, self.name), None
        except Problem as problem:
            return [], f"TorchServe: {problem.detail}"

    def _judge_workers(self, ready: dict[Place, int], failures: list[str]) -> None:
        workers = sum(ready.values()) if self._current is None else ready.get(place_of(self._current), 0)
        self.workers_ready = workers
        if workers:
            self._computing = Check(True)
        elif failures:
            self._computing = Check(False, "; ".join(dict.fromkeys(failures)))
        else:
            self._computing = Check(False, "no TorchServe worker is READY" if self._instances else "no TorchServe instance is configured")

    async def _adopt(self, urls: Urls, version: str) -> bool:
        """Serve this version from now on, if it says what it is and reads all known digits right."""
        model = self._proven.get((urls, version))
        try:
            self._serve(model or await self._prove((urls, version)))
        except Unproven as why:
            self._model = Check(False, str(why))
            return False
        return True

    def _serve(self, model: ModelVersion) -> None:
        log.info("serving model %s version %s", self.name, model.version)
        self._current, self._model, self._silent_looks = model, Check(True), 0
        tell = self._metrics.serve_version if self.name == DEFAULT_MODEL else self._metrics.know_version
        tell(model.version, model.reference)

    async def prove(self) -> None:
        """Have every other version that is READY read the known digits, before it may answer anything."""
        for place, workers in list(self._ready.items()):
            if workers and place not in self._proven and place not in self._distrusted:
                with suppress(Unproven):
                    await self._prove(place)
        self._arrange()

    async def _prove(self, place: Place) -> ModelVersion:
        """Raises Unproven."""
        _, version = place
        try:
            model = await self._prover.prove(place)
        except Unproven as why:
            self._complaints[version] = str(why)
            raise
        self._metrics.know_version(version, model.reference)
        self._complaints.pop(version, None)
        self._proven[place] = model
        return model

    def _arrange(self) -> None:
        """Have those answer who should by now."""
        stage = self._stage
        if (model := preferred(self._current, stage, self._proven, self._instances)) is not None:
            self._serve(model)
        if stage is None:
            return
        candidate = beside(self._current, stage, self._proven)
        sharing = Share(candidate, stage.percent) if candidate is not None and stage.percent else None
        shadowed = None if sharing is not None else candidate
        if (sharing, shadowed) != (self.sharing, self.shadowed):
            told = "nobody" if candidate is None else f"version {candidate.version}"
            log.info("model %s: %s stands beside the served version, with %d %%", self.name, told, stage.percent)
        self.sharing, self.shadowed = sharing, shadowed
        self._metrics.tell_candidate(self.name, None if candidate is None else candidate.version, stage.percent)

    async def ask_known_digit(self) -> None:
        """Send one known digit, the next one each time; read wrong, the model is not ready."""
        current = self._current
        if current is None:
            return
        self._asked += 1
        try:
            wrong = await self._prover.ask(current, self._asked - 1)
        except (Problem, VersionGone):
            return  # the age of the newest answer tells
        if current is self._current:
            self._model = Check(True, NOTHING_KNOWN if self.known is None else None) if wrong is None else Check(False, wrong)

    async def ask_others(self) -> None:
        """The same for what is named beside the served version: read wrong, it is out, before a rollback would come upon it."""
        stage = self._stage
        for version in () if stage is None else {stage.current, stage.candidate, stage.previous}:
            model = find(version, self._proven)
            if model is None or model is self._current:
                continue
            try:
                wrong = await self._prover.ask(model, self._asked)
            except (Problem, VersionGone):
                self.doubt(model)
                continue
            if wrong is not None:
                self._distrust(model, wrong)

    def _distrust(self, model: ModelVersion, why: str) -> None:
        log.error("model %s version %s is out: %s", self.name, model.version, why)
        self._complaints[model.version] = why
        self._distrusted.add(place_of(model))
        self._proven.pop(place_of(model), None)
        self._arrange()


def _failed(error: Exception, in_a_row: int) -> None:
    log.error("looking after the model failed; trying again", exc_info=error)

"""What follows from an alert. What is safe is done and the rest is proposed, once for each time it fires, however often it is told."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from gateway.baseline import BaselineUnusable, LatencyBaseline
from gateway.records.batch import AlertRow
from gateway.records.reader import Reader
from gateway.records.recorder import Recorder
from gateway.records.store import RecordsUnavailable
from gateway.tuning import NONE_YET, Tuning
from gateway.turn import Turn

log = logging.getLogger(__name__)

AUDITED = ("ClassErrorHigh", "ClassErrorAboveBaseline")
MEASURED = ("SlowMisses", "SlowHits")
RETRAINED = ("AccuracyBelowBaseline", "InputDrift", "PredictionDrift")

RENEWAL = (
    "python -m gateway records export labelled.jsonl.gz",
    "python -m model retrain --labelled labelled.jsonl.gz",
    "python -m model gate --labelled labelled.jsonl.gz",
    "python -m model archive --released var/renewal/candidate --out var/archive/candidate",
    "python -m gateway rollout shadow VERSION --report var/renewal/candidate",
    "python -m gateway rollout share 10",
    "python -m gateway rollout promote",
    "mv var/renewal/candidate var/renewal/VERSION",
    "rm -r var/archive/candidate",
    "make run RELEASED=var/renewal/VERSION",
)
"""What follows on a proposal that a person takes up, with `make run`. The runbook says what to look at between them; and that the last
three settle the version, which the next renewal starts from: `retrain` and `gate` with `--current var/renewal/VERSION`."""

TURN_SECONDS = 0.5
"""Between two looks whether a sibling still measures."""

WINDOWS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
"""Of the alerts' label `window`: what was looked at when one fired."""


@dataclass(frozen=True)
class Alert:
    """One alert of a notification. `fingerprint` and `starts_at` name one time that it fires."""

    name: str
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    summary: str
    fingerprint: str
    starts_at: datetime
    ends_at: datetime | None

    @property
    def key(self) -> str:
        return f"{self.fingerprint}@{self.starts_at.astimezone(UTC).isoformat()}"


class Responder:
    """Acts on alerts. `measure` measures how fast this installation answers now, in one process at a time: who has the turn.

    `tuning` tells what `make tune` found last.
    """

    def __init__(
        self,
        recorder: Recorder,
        reader: Reader,
        measure: Callable[[], Awaitable[LatencyBaseline]],
        turn: Turn,
        tuning: Callable[[], Tuning | None],
    ) -> None:
        self._recorder, self._reader, self._measure, self._turn, self._tuning = recorder, reader, measure, turn, tuning
        self._measuring: asyncio.Task[None] | None = None
        self._waiting: set[str] = set()

    async def respond(self, alert: Alert) -> AlertRow:
        """Act, unless this firing was acted on before, and keep what came of it; returns once that is committed.

        Raises RecordsUnavailable.
        """
        before = await self._reader.alert(alert.key)
        action = json.loads(before.action) if before else await self._act(alert) if alert.status == "firing" else {"kind": "none"}
        told = AlertRow(
            key=alert.key,
            name=alert.name,
            labels=_json(alert.labels),
            summary=alert.summary,
            starts_ms=_milliseconds(alert.starts_at),
            resolved_ms=_milliseconds(alert.ends_at) if alert.status == "resolved" and alert.ends_at else None,
            action=_json(action),
        )
        if told != before:
            await self._recorder.keep(told)
        if action.get("state") == "running":
            self._measure_later(told.key)
        return told

    async def close(self) -> None:
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)

    async def _act(self, alert: Alert) -> dict[str, Any]:
        since = alert.starts_at - WINDOWS.get(alert.labels.get("window", ""), WINDOWS["1h"])
        version = alert.labels.get("model_version")
        if alert.name in AUDITED:
            asked = {"disagreements": "true", "label": alert.labels.get("label"), "model_version": version, "labelled_since": _shown(since)}
            listing = f"/v1/audit?{urlencode({name: value for name, value in asked.items() if value is not None}, safe=':')}"
            return {"kind": "audit", "listing": listing, "then": "PUT /v1/predictions/{id}/label corrects a wrong label"}
        if alert.name in MEASURED:
            return {"kind": "measurement", "state": "running"}
        if alert.name in RETRAINED:
            labelled = await self._reader.labelled(_milliseconds(since))
            why = f"{labelled} predictions labelled since {_shown(since)}"
            return {"kind": "proposal", "retrain": True, "labelled": labelled, "why": why, "decides": "a person", "then": RENEWAL}
        return {"kind": "none"}

    def _measure_later(self, key: str) -> None:
        """One at a time, for all who wait: measuring is load, and what is slow should not get more of it than it must."""
        self._waiting.add(key)
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.create_task(self._measure_now())

    async def _measure_now(self) -> None:
        while not self._turn.take():
            await asyncio.sleep(TURN_SECONDS)
        try:
            self._waiting -= {key for key in self._waiting.copy() if await self._is_done(key)}  # by a sibling
            if self._waiting:
                await self._measure_for_all()
        finally:
            self._turn.give_up()

    async def _is_done(self, key: str) -> bool:
        try:
            told = await self._reader.alert(key)
        except RecordsUnavailable:
            return False
        return told is not None and json.loads(told.action).get("state") != "running"

    async def _measure_for_all(self) -> None:
        try:
            measured = asdict(await self._measure())
            tuning = self._tuning()
            action = {
                "kind": "measurement",
                "state": "done",
                "measured": measured,
                "baseline": "unchanged: it is for when all is well",
                "tuning": NONE_YET if tuning is None else asdict(tuning),
            }
        except BaselineUnusable as error:
            action = {"kind": "measurement", "state": "failed", "why": str(error)}
        while self._waiting:
            key = self._waiting.pop()
            try:
                if (told := await self._reader.alert(key)) is not None:
                    await self._recorder.keep(told._replace(action=_json(action)))
            except RecordsUnavailable as error:
                log.warning("what was measured for %s is not kept: %s", key, error)


def _shown(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)

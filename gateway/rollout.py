"""`python -m gateway rollout`: a candidate looks on, answers a share, is promoted, or is rolled back, in every gateway on these records.

Each change is written where all gateways read it, then looked for at the gateway that is asked; what cannot be is said in one line.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from prometheus_client.parser import text_string_to_metric_families

from gateway.records.database import database_url, open_existing
from gateway.records.stages import read_stage, write_stage
from gateway.records.store import RecordsUnavailable, RowsRefused
from gateway.settings import Settings, SettingsError
from gateway.stage import Stage, StageRefused
from model.gate_report import FILE, ReportRefused, SecretUnusable, passed, read_secret

ANSWER_SECONDS = 2.0
EFFECT_SECONDS = 30.0
"""How long a change is waited for: processes read it within half a second, but a candidate may be starting."""

EVERYWHERE_SECONDS = 1.0
"""So long every answer has to show it, each over a connection of its own: there may be several processes behind one address."""

PAUSE_SECONDS = 0.1

Verify = Callable[..., object]
"""`model.gate_report.passed`, or another judge of reports. Raises ReportRefused."""


class Rollout:
    """One model's, on the records of these settings. `get` gets a path of the gateway; it raises OSError where that does not answer."""

    def __init__(
        self,
        settings: Settings,
        model: str,
        get: Callable[[str], bytes],
        say: Callable[[str], object] = print,
        *,
        effect_seconds: float = EFFECT_SECONDS,
        everywhere_seconds: float = EVERYWHERE_SECONDS,
    ) -> None:
        """Raises SettingsError."""
        if settings.records == "off":
            raise SettingsError("records are switched off here (GATEWAY_RECORDS=off), and a rollout is kept with them")
        try:
            self._database = database_url(settings.records_url)
        except ValueError as error:
            raise SettingsError(f"GATEWAY_DATABASE_URL: {error}") from error
        self._secret_file = settings.secret_file or settings.state_dir / "secret"
        self._model, self._get, self._say = model, get, say
        self._effect_seconds, self._everywhere_seconds = effect_seconds, everywhere_seconds

    def status(self) -> None:
        """What is served and what stands beside it, and what that read otherwise."""
        stage, card = self._stage(), self._card()
        self._say(f"model {self._model}: version {card['version']} is served")
        if stage.name == "settled":
            self._say("no candidate")
        else:
            self._say(f"candidate {stage.candidate}: {stage.name}" + (f" of {stage.percent} %" if stage.percent else ""))
            self._tell_shadow(str(stage.candidate))
        if stage.previous is not None:
            self._say(f"`rollback` goes back to version {stage.previous}" if stage.candidate is None else f"previous {stage.previous}")
        for version, why in ((card.get("rollout") or {}).get("complaints") or {}).items():
            self._say(f"version {version} cannot answer now: {why}")

    def shadow(self, version: str, report: Path, verify: Verify = passed) -> None:
        """The candidate looks on, if the gate's report lets it: `report` is that file, or the folder that holds it."""
        if not report.is_dir() and report.name != FILE:
            raise SettingsError(f"{report} is neither a {FILE} nor a folder that holds one")
        served = str(self._card()["version"])
        try:
            folder, secret = report if report.is_dir() else report.parent, read_secret(self._secret_file)
            verify(folder, secret, model=self._model, candidate=version, current=served)
        except (ReportRefused, SecretUnusable) as error:
            raise SettingsError(f"version {version} is refused: {error}") from error
        self._change(lambda stage: stage.shadow(version, served))

    def share(self, percent: int) -> None:
        """The candidate answers so many of a hundred uploads."""
        self._check_candidate()
        self._change(lambda stage: stage.share(percent))

    def promote(self) -> None:
        """The candidate is current from now on."""
        self._check_candidate()
        self._change(Stage.promote)

    def rollback(self) -> None:
        """Without the candidate or, where there is none, without the last promotion; also where no gateway answers."""
        self._change(Stage.rollback)

    def _check_candidate(self) -> None:
        candidate = self._stage().candidate
        why = ((self._card().get("rollout") or {}).get("complaints") or {}).get(candidate)
        if why is not None:
            raise SettingsError(f"version {candidate} cannot answer now: {why}")

    def _stage(self) -> Stage:
        try:
            return read_stage(self._database, self._model)
        except RecordsUnavailable as error:
            raise SettingsError(f"records: {error}") from error

    def _card(self) -> dict[str, Any]:
        try:
            return _checked(json.loads(self._get(f"/v1/model?model={quote(self._model)}")))
        except (OSError, ValueError) as error:
            raise SettingsError(f"the gateway does not say what it serves ({_words(error)}); name another with --url") from error

    def _change(self, change: Callable[[Stage], Stage]) -> None:
        try:
            stage = change(self._stage())
            write_stage(partial(open_existing, self._database), self._database, stage)
        except StageRefused as error:
            raise SettingsError(str(error)) from error
        except (RecordsUnavailable, RowsRefused) as error:
            raise SettingsError(f"records: {error}") from error
        self._say(_in_words(stage))
        self._wait(stage)

    def _wait(self, stage: Stage) -> None:
        """Raises SettingsError where it is not seen."""
        started = time.monotonic()
        since: float | None = None
        why: str | None = "no gateway was asked"
        while since is None or time.monotonic() - since < self._everywhere_seconds:
            try:
                why = _missing(self._card(), stage)
            except SettingsError as error:
                why = str(error)
            now = time.monotonic()
            since = None if why is not None else since or now
            if since is None and now - started > self._effect_seconds:
                raise SettingsError(f"this is written and holds for every gateway that reads it, but it is not in effect here: {why}")
            time.sleep(PAUSE_SECONDS)
        self._say(f"in effect after {since - started:.1f} s")

    def _tell_shadow(self, candidate: str) -> None:
        """As this gateway counted, since it began."""
        try:
            families = list(text_string_to_metric_families(self._get("/metrics").decode()))
        except (OSError, ValueError):
            return
        samples = [sample for family in families if family.name == "digits_shadow" for sample in family.samples]
        read = {
            (sample.labels["digit"], sample.labels["candidate_digit"]): int(sample.value)
            for sample in samples
            if sample.name == "digits_shadow_total" and sample.labels["model_version"] == candidate and sample.value
        }
        otherwise = {pair: count for pair, count in read.items() if pair[0] != pair[1]}
        self._say(f"it looked at {sum(read.values())} pictures here and read {sum(otherwise.values())} otherwise")
        for (digit, candidate_digit), count in sorted(otherwise.items(), key=lambda item: -item[1]):
            self._say(f"  {digit} as {candidate_digit}: {count}")


def getter(url: str) -> Callable[[str], bytes]:
    """Gets a path from a gateway, each time over another connection. It raises OSError, and ValueError where the URL is none."""
    opener = build_opener(ProxyHandler({}))

    def get(path: str) -> bytes:
        try:
            with opener.open(f"{url.rstrip('/')}{path}", timeout=ANSWER_SECONDS) as answer:
                return bytes(answer.read())
        except HTTPException as error:
            raise OSError(f"no whole answer: {error!r}") from error

    return get


def _checked(card: Any) -> dict[str, Any]:
    """Raises ValueError where that is no model's card: it is read here for its version and its rollout alone."""
    match card:
        case {"version": str(), "rollout": {"number": int(), "complaints": dict()} | None}:
            return dict(card)
    raise ValueError("what answers there is no gateway with rollouts")


def _missing(card: dict[str, Any], stage: Stage) -> str | None:
    """What is not yet as this stage says; None: nothing."""
    rollout = card.get("rollout") or {"number": 0, "complaints": {}}
    if rollout["number"] < stage.number:
        return "the gateway has not read it yet; does it keep its records where this command does?"
    for version in filter(None, (stage.current, stage.candidate)):
        if version in rollout["complaints"]:
            return f"version {version} cannot answer: {rollout['complaints'][version]}"
    return None if stage.current in (None, card["version"]) else f"version {card['version']} is still served"


def _in_words(stage: Stage) -> str:
    match stage.name:
        case "shadow":
            return f"version {stage.candidate} looks on beside version {stage.current}"
        case "share":
            return f"version {stage.candidate} answers {stage.percent} % beside version {stage.current}"
        case _:
            return f"version {stage.current} is current, without a candidate"


def _words(error: Exception) -> str:
    return str(error.reason if isinstance(error, URLError) else error)

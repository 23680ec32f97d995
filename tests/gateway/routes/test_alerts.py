"""An alert is acted on once each time it fires, however often it is told; what was done is kept and shown, and nothing unsafe is done."""

import asyncio
import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.__main__ import _parser as gateway_parser
from gateway.alerts import RENEWAL
from gateway.baseline import BaselineUnusable, LatencyBaseline
from gateway.tuning import FILE
from gateway.turn import Turn
from model.__main__ import parser as model_parser
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.torchserve_double import VERSION, until

pytestmark = pytest.mark.anyio

MAKEFILE = Path(__file__).parents[3] / "Makefile"
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BASELINE = LatencyBaseline(
    VERSION, 20.0, "2026-01-02T03:04:05Z", {"miss": 120, "hit": 120}, {"miss": {"0.95": 0.02}, "hit": {"0.95": 0.01}}
)


def firing(name: str, *, started: datetime = STARTED, ended: datetime | None = None, **labels: str) -> dict[str, Any]:
    """A notification as Alertmanager 0.25 sends it."""
    alert = {
        "status": "resolved" if ended else "firing",
        "labels": {"alertname": name, "severity": "warning", **labels},
        "annotations": {"summary": f"{name} is so", "description": "..."},
        "startsAt": started.isoformat().replace("+00:00", "Z"),
        "endsAt": ended.isoformat() if ended else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": f"{abs(hash((name, *labels.values()))):016x}"[:16],
    }
    return {"version": "4", "groupKey": "{}", "status": alert["status"], "receiver": "gateway", "truncatedAlerts": 0, "alerts": [alert]}


async def tell(client: httpx.AsyncClient, notification: dict[str, Any]) -> dict[str, Any]:
    """What came of its one alert."""
    async with asyncio.timeout(20):
        while (answer := await client.post("/v1/alerts", json=notification)).status_code == 503:  # the database is being opened
            await asyncio.sleep(0.01)
    assert answer.status_code == 200, answer.text
    [told] = answer.json()["alerts"]
    return dict(told)


async def shown(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    alerts: list[dict[str, Any]] = (await client.get("/v1/alerts")).json()["alerts"]
    return alerts


async def test_a_bad_class_opens_a_listing_that_can_be_read(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = (await client.post("/v1/predict", content=digit_png(7))).json()
        await client.post("/v1/feedback", json={"prediction_id": answer["prediction_id"], "label": 1})
        now = datetime.now(UTC)
        told = await tell(client, firing("ClassErrorHigh", started=now, label="1", model_version=VERSION, window="1d"))
        listing = (await client.get(told["action"]["listing"])).json()
    assert told["action"]["kind"] == "audit"
    assert f"labelled_since={now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}" in told["action"]["listing"]
    assert [row["prediction_id"] for row in listing["predictions"]] == [answer["prediction_id"]]


@pytest.mark.parametrize("name", ["AccuracyBelowBaseline", "InputDrift", "PredictionDrift"])
async def test_a_worse_model_or_other_pictures_propose_retraining_and_no_more(gateway: Gateway, name: str) -> None:
    async with gateway() as client:
        for digit in (1, 2, 3):
            answer = (await client.post("/v1/predict", content=digit_png(digit))).json()
            await client.post("/v1/feedback", json={"prediction_id": answer["prediction_id"], "label": digit})
        told = await tell(client, firing(name, started=datetime.now(UTC), window="1h"))
    assert told["action"]["kind"] == "proposal"
    assert told["action"]["labelled"] == 3
    assert told["action"]["decides"] == "a person"
    assert told["action"]["then"] == list(RENEWAL)


@pytest.mark.parametrize("command", RENEWAL)
def test_what_a_proposal_says_can_be_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    match shlex.split(command):
        case ["python", "-m", program, *words]:
            try:
                {"gateway": gateway_parser, "model": model_parser}[program]().parse_args(words)
            except SystemExit:
                pytest.fail(capsys.readouterr().err)
        case ["make", target, "RELEASED=var/renewal/VERSION"]:
            assert re.search(rf"^{target}: archive$", MAKEFILE.read_text(), re.MULTILINE)
        case [program, *_]:
            assert program in ("mv", "rm")


async def test_what_is_told_again_is_acted_on_once_and_a_new_firing_again(gateway: Gateway) -> None:
    async with gateway() as client:
        notification = firing("InputDrift", feature="slant")
        first, again = await tell(client, notification), await tell(client, notification)
        resolved = await tell(client, firing("InputDrift", feature="slant", ended=STARTED + timedelta(minutes=9)))
        anew = await tell(client, firing("InputDrift", feature="slant", started=STARTED + timedelta(hours=1)))
        other = await tell(client, firing("InputDrift", feature="ink"))
        listed = await shown(client)
    assert first == again
    assert resolved == {**first, "resolved": "2026-01-02T03:13:05Z"}
    assert anew["resolved"] is None
    assert listed == [anew, *sorted([resolved, other], key=lambda told: listed.index(told))]
    assert len(listed) == 3


async def test_a_slow_installation_measures_itself_and_keeps_its_baseline(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[tuple[Any, ...]] = []
    go_on = asyncio.Event()

    async def measure(*where: Any, **how: float) -> LatencyBaseline:
        measured.append((*where, how))
        await go_on.wait()
        return BASELINE

    monkeypatch.setattr("gateway.app.measure", measure)
    async with gateway(port=8123) as client:
        told = await tell(client, firing("SlowMisses", cache="miss"))
        await tell(client, firing("SlowMisses", cache="miss"))
        await tell(client, firing("SlowHits", cache="hit"))
        go_on.set()
        async with asyncio.timeout(20):
            while "running" in {told["action"]["state"] for told in await shown(client)}:
                await asyncio.sleep(0.01)
        done, too = [told["action"] for told in await shown(client)]
        metrics = (await client.get("/metrics")).text
    assert told["action"] == {"kind": "measurement", "state": "running"}
    assert done == too
    assert done["measured"]["seconds"]["miss"] == {"0.95": 0.02}
    assert done["tuning"] == "none yet: run make tune"
    assert [where[0] for where in measured] == ["http://127.0.0.1:8123"]
    assert "digits_baseline_latency_seconds{" not in metrics


async def test_what_was_tuned_last_stands_beside_what_was_measured(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def measure(*_: object, **__: object) -> LatencyBaseline:
        return BASELINE

    monkeypatch.setattr("gateway.app.measure", measure)
    found = {"lines": ["GATEWAY_LARGEST_BATCH=16"], "rate_per_second": 200.0, "measured_at": "2026-01-02T03:04:05Z"}
    async with gateway(state_dir=tmp_path) as client:
        (tmp_path / FILE).write_text(json.dumps(found))
        await tell(client, firing("SlowHits", cache="hit"))
        async with asyncio.timeout(20):
            while (done := (await shown(client))[0]["action"])["state"] == "running":
                await asyncio.sleep(0.01)
    assert done["tuning"] == found
    assert "measured" in done


async def test_of_several_processes_one_measures(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    measured: list[object] = []
    go_on = asyncio.Event()
    turns: list[Turn] = []
    give_up = Turn.give_up

    async def measure(*where: object, **_: object) -> LatencyBaseline:
        measured.append(where)
        await go_on.wait()
        return BASELINE

    def given_up(turn: Turn) -> None:
        turns.append(turn)
        give_up(turn)

    monkeypatch.setattr("gateway.app.measure", measure)
    monkeypatch.setattr("gateway.alerts.TURN_SECONDS", 0.01)
    monkeypatch.setattr(Turn, "give_up", given_up)
    async with gateway(siblings=tmp_path) as one, gateway(siblings=tmp_path) as other:
        for client in (one, other):
            await tell(client, firing("SlowMisses", cache="miss"))
        await until(lambda: measured)
        go_on.set()
        await until(lambda: len(set(turns)) == 2)
        [told] = await shown(other)
    assert told["action"]["state"] == "done"
    assert len(measured) == 1


async def test_what_cannot_be_measured_is_told(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(*_: object, **__: object) -> LatencyBaseline:
        raise BaselineUnusable("a prediction was refused with 503")

    monkeypatch.setattr("gateway.app.measure", measure)
    async with gateway() as client:
        await tell(client, firing("SlowHits", cache="hit"))
        async with asyncio.timeout(20):
            while (done := (await shown(client))[0]["action"])["state"] == "running":
                await asyncio.sleep(0.01)
    assert done == {"kind": "measurement", "state": "failed", "why": "a prediction was refused with 503"}


async def test_an_alert_without_an_action_is_kept(gateway: Gateway) -> None:
    async with gateway() as client:
        told = await tell(client, firing("CacheDown", tier="redis"))
        assert await shown(client) == [told]
    assert told["action"] == {"kind": "none"}
    assert told["summary"] == "CacheDown is so"


@pytest.mark.parametrize(
    "notification",
    [
        {},
        {"alerts": {}},
        {"alerts": [{"status": "firing"}]},
        *(
            {"alerts": [{**firing("X")["alerts"][0], **wrong}]}
            for wrong in (
                {"startsAt": "yesterday"},
                {"startsAt": "0001-01-01T00:00:00+05:00"},
                {"fingerprint": "a/b"},
                {"annotations": {"summary": "\0"}},
                {"annotations": {"summary": "\ud800"}},
                {"annotations": {"summary": "x" * 5_000}},
            )
        ),
    ],
)
async def test_what_is_no_notification_is_malformed(gateway: Gateway, notification: dict[str, Any]) -> None:
    async with gateway() as client:
        answer = await client.post("/v1/alerts", content=json.dumps(notification), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_without_records_nothing_can_be_kept_and_that_is_said(gateway: Gateway) -> None:
    async with gateway(records="off") as client:
        answers = [await client.post("/v1/alerts", json=firing("InputDrift")), await client.get("/v1/alerts")]
    assert {answer.status_code for answer in answers} == {503}

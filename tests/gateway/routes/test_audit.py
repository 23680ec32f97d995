"""What was answered can be looked up: one by its id, many by filters, and nothing about what nobody answered."""

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Gateway, digit_png, picture, recorded
from tests.gateway.torchserve_double import VERSION

pytestmark = pytest.mark.anyio


async def predict(client: httpx.AsyncClient, digit: int, **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.post("/v1/predict", content=digit_png(digit), headers=headers)).json()
    return answer


async def test_an_answer_can_be_looked_up_with_its_truth(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = (answer := await predict(client, 7))["prediction_id"]
        await client.post("/v1/feedback", json={"prediction_id": prediction_id, "label": 1})
        told = await recorded(client, prediction_id)
    assert told["digit"] == 7
    assert told["confidence"] == answer["confidence"]
    assert (told["accepted"], told["cache"], told["model_version"], told["label"]) == (True, "miss", VERSION, 1)
    assert told["digest"] == hashlib.sha256(picture(7).tobytes()).hexdigest()
    assert 0 < told["latency_ms"] < 10_000
    assert abs(datetime.fromisoformat(told["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert [(change["label"], change["previous"], change["source"]) for change in told["history"]] == [(1, None, "feedback")]


async def test_hits_are_recorded_like_misses(gateway: Gateway) -> None:
    async with gateway() as client:
        first, second = await predict(client, 7), await predict(client, 7)
        rows = [await recorded(client, answer["prediction_id"]) for answer in (first, second)]
    assert [row["cache"] for row in rows] == ["miss", "hit"]
    assert rows[0]["digest"] == rows[1]["digest"]


async def test_an_answer_that_is_not_written_is_told_from_its_id(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway() as client:
        answer = await predict(client, 7)
        await recorded(client, answer["prediction_id"])
        with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
            database.execute("DELETE FROM predictions")
            database.commit()
        told = (await client.get(f"/v1/predictions/{answer['prediction_id']}")).json()
    assert (told["recorded"], told["digit"], told["model_version"], told["confidence"]) == (False, 7, VERSION, None)


async def test_pages_filter_and_follow(gateway: Gateway) -> None:
    async with gateway() as client:
        answers = [await predict(client, digit) for digit in (1, 2, 3, 1, 2)]
        await recorded(client, answers[-1]["prediction_id"])
        await client.post("/v1/feedback", json={"prediction_id": answers[1]["prediction_id"], "label": 3})
        first = (await client.get("/v1/audit", params={"limit": 2})).json()
        rest = (await client.get("/v1/audit", params={"limit": 100, "before": first["next"]})).json()
        ones = (await client.get("/v1/audit", params={"digit": 1, "model_version": VERSION})).json()
        wrong = (await client.get("/v1/audit", params={"disagreements": "true"})).json()
        in_an_hour, an_hour_ago = ((datetime.now(UTC) + timedelta(hours=hours)).isoformat() for hours in (1, -1))
        later = (await client.get("/v1/audit", params={"since": in_an_hour})).json()
        labelled = (await client.get("/v1/audit", params={"labelled_since": an_hour_ago})).json()
        labelled_later = (await client.get("/v1/audit", params={"labelled_since": in_an_hour})).json()
    shown = [row["prediction_id"] for row in first["predictions"] + rest["predictions"]]
    assert shown == sorted((answer["prediction_id"] for answer in answers), reverse=True)
    assert rest["next"] is None
    assert {row["digit"] for row in ones["predictions"]} == {1}
    assert [(row["prediction_id"], row["label"]) for row in wrong["predictions"]] == [(answers[1]["prediction_id"], 3)]
    assert labelled == wrong
    assert later["predictions"] == labelled_later["predictions"] == []


@pytest.mark.parametrize(
    "query",
    ["digit=10", "label=x", "since=yesterday", "model_version=1", "limit=0", "limit=501", "disagreements=maybe", "before=%00", "before=x"],
)
async def test_a_filter_that_makes_no_sense_is_malformed(gateway: Gateway, query: str) -> None:
    async with gateway() as client:
        answer = await client.get(f"/v1/audit?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_an_id_that_was_never_given_is_not_found(gateway: Gateway) -> None:
    async with gateway() as client:
        assert (await client.get("/v1/predictions/" + "0" * 48)).status_code == 404


async def test_pixels_are_kept_with_consent_alone(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway() as client:
        await predict(client, 3)
        await predict(client, 3)
        consented = await predict(client, 7, **{"X-Consent": "training"})
        again = await predict(client, 7, **{"X-Consent": "training"})
        await recorded(client, again["prediction_id"])
    with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
        kept = database.execute("SELECT pixels FROM pixels").fetchall()
    assert kept == [(picture(7).tobytes(),)]
    assert consented["record"] == "buffered"


@pytest.mark.parametrize("name", ["a%41b", "a#b", "a?b", "a b"])
async def test_a_state_folder_may_be_called_anything(gateway: Gateway, tmp_path: Path, name: str) -> None:
    async with gateway(state_dir=tmp_path / name) as client:
        assert (await recorded(client, (await predict(client, 7))["prediction_id"]))["digit"] == 7
    assert (tmp_path / name / "records.sqlite").stat().st_mode & 0o077 == 0
    assert [folder.name for folder in tmp_path.iterdir()] == [name]


async def test_a_durable_answer_is_committed_before_it_is_given(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(records="durable") as client:
        answer = await predict(client, 7)
        with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
            [(written,)] = database.execute("SELECT id FROM predictions").fetchall()
        assert answer["record"] == "durable"
        assert written == answer["prediction_id"]


async def test_an_answer_that_could_not_be_committed_in_time_says_so(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(records="durable", deadline_seconds=0.5) as client:
        await predict(client, 7)
        with sqlite3.connect(tmp_path / "state" / "records.sqlite", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await predict(client, 3)
            other.execute("ROLLBACK")
    assert answer["record"] == "buffered"


async def test_without_records_nothing_can_be_looked_up_and_that_is_said(gateway: Gateway) -> None:
    async with gateway(records="off") as client:
        answer = await client.get("/v1/audit")
    assert answer.status_code == 503
    assert "GATEWAY_RECORDS" in answer.json()["detail"]

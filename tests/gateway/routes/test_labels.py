"""The truth about an answer is acknowledged once it is committed, stored once, and believed only for an answer that was given."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.test_metrics import samples, total, value
from tests.gateway.torchserve_double import TorchServeDouble

pytestmark = pytest.mark.anyio

Say = Callable[[str, object], Awaitable[httpx.Response]]


async def answered(client: httpx.AsyncClient, digit: int = 7) -> str:
    return str((await client.post("/v1/predict", content=digit_png(digit))).json()["prediction_id"])


async def feedback(client: httpx.AsyncClient, prediction_id: object, label: object) -> httpx.Response:
    return await client.post("/v1/feedback", json={"prediction_id": prediction_id, "label": label})


async def correct(client: httpx.AsyncClient, prediction_id: str, label: object) -> httpx.Response:
    return await client.put(f"/v1/predictions/{prediction_id}/label", json={"label": label})


async def test_feedback_is_stored_repeated_and_contradicted(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        first, again, other = [await feedback(client, prediction_id, label) for label in (4, 4, 5)]
        counted = samples((await client.get("/metrics")).text)
    assert first.json() == {"prediction_id": prediction_id, "label": 4, "state": "stored", "previous": None}
    assert again.json()["state"] == "same"
    assert (other.status_code, other.headers["content-type"]) == (409, "application/problem+json")
    assert "labelled 4 before" in other.json()["detail"]
    assert value(counted, "digits_feedback_total", label="4", predicted="7") == 1
    assert total(counted, "digits_feedback_total") == 1


async def test_100_equal_feedbacks_at_once_are_stored_once(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        answers = await asyncio.gather(*(feedback(client, prediction_id, 4) for _ in range(100)))
        counted = samples((await client.get("/metrics")).text)
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["state"] for answer in answers].count("stored") == 1
    assert total(counted, "digits_feedback_total") == 1


async def test_an_auditor_corrects_and_it_is_counted_apart(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        await feedback(client, prediction_id, 4)
        corrected = await correct(client, prediction_id, 7)
        unlabelled = await correct(client, await answered(client), 7)
        counted = samples((await client.get("/metrics")).text)
    assert corrected.json() == {"prediction_id": prediction_id, "label": 7, "state": "stored", "previous": 4}
    assert unlabelled.json()["previous"] is None
    assert value(counted, "digits_corrections_total", label="7", previous="4", predicted="7") == 1
    assert value(counted, "digits_feedback_total", label="7", predicted="7") == 1


async def test_an_id_that_was_never_given_is_not_found(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        forged = prediction_id[:-1] + ("0" if prediction_id[-1] != "0" else "1")
        answers = [await feedback(client, wrong, 4) for wrong in (forged, "", "x" * 48, prediction_id[:40])]
        answers.append(await correct(client, forged, 4))
    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize("label", [10, -1, 7.0, 7.5, "7", None, True, [7], {"digit": 7}])
async def test_what_is_no_digit_is_malformed(gateway: Gateway, label: object) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        answers = [await feedback(client, prediction_id, label), await correct(client, prediction_id, label)]
    assert {answer.status_code for answer in answers} == {400}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"prediction_id": 5, "label": 4}', b'{"prediction_id": "x", "label": 4, "more": 1}'])
async def test_a_body_that_is_no_feedback_is_malformed(gateway: Gateway, body: bytes) -> None:
    async with gateway() as client:
        answer = await client.post("/v1/feedback", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_late_label_credits_the_version_that_answered(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        prediction_id = await answered(client)
        torchserve.versions = ["0123456789ab"]
        async with asyncio.timeout(20):
            while (await client.post("/v1/predict", content=digit_png(3))).json()["model"]["version"] != "0123456789ab":
                await asyncio.sleep(0.05)
        await feedback(client, prediction_id, 4)
        counted = samples((await client.get("/metrics")).text)
    assert value(counted, "digits_feedback_total", label="4", predicted="7") == 1


async def test_a_label_for_another_process_s_answer_is_stored(gateway: Gateway) -> None:
    """The id carries all that is needed: nothing has to be written, or read, before."""
    async with gateway() as one, gateway() as other:
        answer = await feedback(other, await answered(one), 4)
    assert answer.json()["state"] == "stored"


async def test_the_counts_of_two_processes_add_up_to_the_records_cell_by_cell(gateway: Gateway, tmp_path: Path) -> None:
    """One of them writes, the other writes through it; equal, contradicting and corrected labels reach both."""
    rng = random.Random(0)
    async with gateway() as one, gateway() as other:
        ids = [await answered(rng.choice((one, other)), rng.randrange(10)) for _ in range(60)]
        said = [(rng.choice((one, other)), rng.choice(ids), rng.randrange(10)) for _ in range(200)]
        await asyncio.gather(*(feedback(client, prediction_id, label) for client, prediction_id, label in said))
        await asyncio.gather(*(correct(client, prediction_id, label) for client, prediction_id, label in said[:40]))
        both = [samples((await client.get("/metrics")).text) for client in (one, other)]
    with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
        first = "SELECT c.label, l.predicted, count(*) FROM label_changes c JOIN labels l USING (id) WHERE previous IS NULL GROUP BY 1, 2"
        recorded = {(label, predicted): count for label, predicted, count in database.execute(first)}
        corrected = database.execute("SELECT count(*) FROM label_changes WHERE previous IS NOT NULL").fetchone()[0]
    counted = {
        (label, predicted): sum(value(each, "digits_feedback_total", label=str(label), predicted=str(predicted)) for each in both)
        for label in range(10)
        for predicted in range(10)
    }
    assert {cell: count for cell, count in counted.items() if count} == recorded
    assert all(total(each, "digits_feedback_total") > 0 for each in both)
    assert sum(total(each, "digits_corrections_total") for each in both) == corrected > 0


async def test_a_locked_database_is_told_and_predictions_go_on(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(deadline_seconds=0.3) as client:
        prediction_id = await answered(client)
        assert (await feedback(client, prediction_id, 4)).status_code == 200
        with sqlite3.connect(tmp_path / "state" / "records.sqlite", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = await feedback(client, await answered(client), 4)
            meanwhile = await client.post("/v1/predict", content=digit_png(3))
            other.execute("ROLLBACK")
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:digitserve:problem:records-unavailable")
        assert "retry-after" in refused.headers
        assert "send it again" in refused.json()["detail"]
        assert meanwhile.status_code == 200
        async with asyncio.timeout(20):
            while (await feedback(client, await answered(client), 4)).status_code != 200:
                await asyncio.sleep(0.05)


async def test_without_records_nothing_can_be_labelled_and_that_is_said(gateway: Gateway) -> None:
    async with gateway(records="off") as client:
        answer = await client.post("/v1/predict", content=digit_png(7))
        refused = await feedback(client, answer.json()["prediction_id"], 4)
    assert answer.json()["record"] == "none"
    assert refused.status_code == 503
    assert "GATEWAY_RECORDS" in refused.json()["detail"]

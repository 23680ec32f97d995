import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.envelope import MOST_PICTURES
from gateway.schema import BatchAnswer, PredictAnswer
from gateway.series import BATCH_STATUSES
from tests.gateway.conftest import Gateway, both_servers, digit_png, picture, png
from tests.gateway.routes.batches import NO_IMAGE, PATH, ask, both_forms, json_of, looked_up, new_picture, told
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, until

pytestmark = pytest.mark.anyio

SHED = re.compile(r'^gateway_shed_total\{reason="queue_full"\} (\S+)$', re.MULTILINE)


@both_servers
@both_forms
async def test_each_picture_gets_what_predict_answers_in_their_order(gateway: Gateway, form: Any) -> None:
    asked = [7, 0, 3, 7, 9]
    async with gateway() as client:
        answer = await client.post(PATH, **form(*map(digit_png, asked)))
        singly = [(await client.post("/v1/predict", content=digit_png(digit))).json() for digit in asked]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    results = answer.json()["results"]
    for result in results:
        PredictAnswer.model_validate(result)
    assert [result["digit"] for result in results] == asked
    assert [list(result) for result in results] == [list(single) for single in singly]
    assert list(map(told, results)) == list(map(told, singly))
    assert len({result["prediction_id"] for result in results}) == len(asked)


@both_servers
@both_forms
@pytest.mark.parametrize(
    ("bad", "status"), [(b"", 400), (NO_IMAGE, 415), (digit_png(7)[:60], 422), (png(np.zeros((200, 200), np.uint8)), 413)]
)
async def test_a_bad_picture_fails_alone_as_it_would_at_predict(gateway: Gateway, form: Any, bad: bytes, status: int) -> None:
    async with gateway(max_pixels=10_000) as client:
        answer = await client.post(PATH, **form(digit_png(1), bad, digit_png(2)))
        single = await client.post("/v1/predict", content=bad)
    first, problem, last = answer.json()["results"]
    assert (first["digit"], last["digit"]) == (1, 2)
    assert problem["status"] == single.status_code == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert list(problem) == list(single.json())
    assert told(problem) == told(single.json())


@both_servers
async def test_a_fault_of_ours_fails_alone_and_tells_no_details(
    gateway: Gateway, torchserve: TorchServeDouble, caplog: pytest.LogCaptureFixture
) -> None:
    unlucky = new_picture(5)

    def answer(pixels: NDArray[np.uint8]) -> httpx.Response:
        if unlucky.tobytes() in [each.tobytes() for each in pixels]:
            raise RuntimeError("secret details")
        raise httpx.ConnectError("refused")

    async with gateway() as client:
        await ask(client, digit_png(1))
        torchserve.answer = answer
        first, problem = await ask(client, digit_png(1), png(unlucky))
    assert first["digit"] == 1
    assert (problem["status"], problem["type"]) == (500, "urn:digitserve:problem:internal")
    assert "secret" not in problem["detail"]
    assert problem["request_id"] in caplog.text
    [line] = [record for record in caplog.records if record.name == "gateway.routes.batch"]
    assert line.__dict__["request_id"] == problem["request_id"]


@both_servers
async def test_equal_pictures_reach_the_model_once(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    new = new_picture(5)
    async with gateway() as client:
        results = await ask(client, *[png(new)] * 20)
    assert torchserve.pictures.count(new.tobytes()) == 1
    states = [result["cache"] for result in results]
    assert states.count("miss") == 1
    assert set(states) <= {"miss", "coalesced", "hit"}
    assert {result["digit"] for result in results} == {5}


@both_servers
async def test_different_pictures_travel_together(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway() as client:
        torchserve.before_answer = gate.wait
        asking = asyncio.create_task(ask(client, *map(digit_png, range(10))))
        await looked_up(client, 10)
        torchserve.batches.clear()
        gate.set()
        await asking
    assert max(torchserve.batches) >= 7


@both_servers
async def test_others_are_answered_between_the_pictures(gateway: Gateway) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with gateway() as client:
        turning = asyncio.create_task(turn())
        await ask(client, NO_IMAGE)
        one, turns = turns, 0
        await ask(client, *[NO_IMAGE] * MOST_PICTURES)
        turning.cancel()
    assert turns >= one + MOST_PICTURES - 1


@both_servers
async def test_cache_control_is_for_all_pictures(gateway: Gateway) -> None:
    pictures = [digit_png(1), digit_png(2)]
    async with gateway() as client:
        asked = [await ask(client, *pictures, **{"Cache-Control": control}) for control in ("no-store", "", "No-Cache", "")]
    assert [[result["cache"] for result in results] for results in asked] == [
        ["bypass", "bypass"],
        ["miss", "miss"],
        ["bypass", "bypass"],
        ["hit", "hit"],
    ]


@both_servers
@pytest.mark.parametrize(("query", "status"), [("model=digits", 200), ("model=letters", 404), ("model=%ff", 400)])
async def test_a_query_chooses_the_model_or_is_refused(gateway: Gateway, query: str, status: int) -> None:
    async with gateway() as client:
        answer = await client.post(f"{PATH}?{query}", **json_of(digit_png(1)))
    assert answer.status_code == status


@both_servers
async def test_what_has_no_answer_by_the_deadline_is_a_504_in_its_place(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(deadline_seconds=0.5) as client:
        await ask(client, digit_png(1))
        torchserve.before_answer = asyncio.Event().wait
        results = await ask(client, digit_png(2), digit_png(1), digit_png(3))
        single = await client.post("/v1/predict", content=digit_png(2))
    assert [result.get("status", result.get("digit")) for result in results] == [504, 1, 504]
    assert told(results[0]) == told(single.json())


async def test_hits_are_answered_while_the_model_is_away(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        await ask(client, digit_png(1))
        torchserve.unreachable = True
        hit, miss = await ask(client, digit_png(1), digit_png(2))
    assert (hit["cache"], miss["status"]) == ("hit", 503)


async def test_without_any_model_the_whole_call_is_refused(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    torchserve.unreachable = True
    async with gateway(wait=False) as client:
        answer = await client.post(PATH, **json_of(digit_png(1)))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


@both_servers
async def test_pictures_past_those_that_may_wait_are_refused_one_by_one(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway(queue_pictures=3) as client:
        torchserve.before_answer = gate.wait
        asking = asyncio.create_task(ask(client, *map(digit_png, range(10))))

        async def those_past_them_are_refused() -> bool:
            counted = SHED.search((await client.get("/metrics")).text)
            return counted is not None and float(counted[1]) >= 4

        await until(those_past_them_are_refused, seconds=20)
        gate.set()
        results = await asking
    refused = [result for result in results if "digit" not in result]
    assert {result["status"] for result in refused} == {429}
    assert 4 <= len(refused) < 10


async def test_each_answer_is_recorded_once_and_a_problem_is_not(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(records="durable") as client:
        results = await ask(client, digit_png(7), NO_IMAGE, digit_png(7), digit_png(1))
        with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
            rows = database.execute("SELECT id, digit FROM predictions").fetchall()
    answers = [result for result in results if "digit" in result]
    assert [answer["record"] for answer in answers] == ["durable"] * 3
    assert sorted(rows) == sorted((answer["prediction_id"], answer["digit"]) for answer in answers)


async def test_pixels_are_kept_with_consent_alone(gateway: Gateway, tmp_path: Path) -> None:
    async with gateway(records="durable") as client:
        await ask(client, digit_png(3), digit_png(4))
        await ask(client, digit_png(3), digit_png(7), **{"X-Consent": "training"})
        with sqlite3.connect(tmp_path / "state" / "records.sqlite") as database:
            kept = {pixels for (pixels,) in database.execute("SELECT pixels FROM pixels")}
    assert kept == {picture(3).tobytes(), picture(7).tobytes()}


@both_servers
async def test_a_batch_is_one_request_and_each_of_its_answers_is_counted(gateway: Gateway) -> None:
    async with gateway() as client:
        born = (await client.get("/metrics")).text
        await ask(client, digit_png(7), digit_png(7), NO_IMAGE, digit_png(1))
        await client.post(PATH, **json_of())
        after = (await client.get("/metrics")).text
    for status in BATCH_STATUSES:
        assert f'gateway_requests_total{{method="POST",route="{PATH}",status="{status}"}} 0.0' in born
    assert f'gateway_request_duration_seconds_count{{cache="none",route="{PATH}"}} 0.0' in born
    assert f'gateway_requests_total{{method="POST",route="{PATH}",status="200"}} 1.0' in after
    assert f'gateway_requests_total{{method="POST",route="{PATH}",status="400"}} 1.0' in after
    assert f'gateway_request_duration_seconds_count{{cache="none",route="{PATH}"}} 2.0' in after
    assert f'digits_predictions_total{{accepted="true",digit="7",model_version="{VERSION}"}} 2.0' in after
    assert f'digits_predictions_total{{accepted="true",digit="1",model_version="{VERSION}"}} 1.0' in after
    assert 'gateway_requests_total{method="POST",route="/v1/predict",status="200"} 0.0' in after


async def test_the_call_is_documented_in_both_forms_and_its_example_is_taken(gateway: Gateway) -> None:
    async with gateway() as client:
        document = (await client.get("/openapi.json")).json()
        described = document["paths"][PATH]["post"]
        bodies = described["requestBody"]["content"]
        example = await client.post(PATH, json=bodies["application/json"]["example"])
        other_method = await client.get(PATH)
    assert set(bodies) == {"application/json", "multipart/form-data"}
    for body, member in (("application/json", "images"), ("multipart/form-data", "image")):
        pictures = bodies[body]["schema"]["properties"][member]
        assert (pictures["type"], pictures["minItems"], pictures["maxItems"]) == ("array", 1, MOST_PICTURES)
    assert [parameter["name"] for parameter in described["parameters"]] == ["model"]
    assert {int(status) for status in described["responses"] if status.isdigit()} == {*BATCH_STATUSES} - {500}
    assert described["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/BatchAnswer"}
    BatchAnswer.model_validate_json(example.content)
    assert (other_method.status_code, other_method.headers["allow"]) == (405, "POST")

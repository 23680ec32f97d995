"""A further model is asked by its name and by nobody else: its pixels, versions, caches and troubles are its own."""

import asyncio
import re
from typing import Any

import httpx
import numpy as np
import pytest
import redis.asyncio

from gateway.schema import ExplainAnswer, PredictAnswer
from gateway.versions import NOTHING_KNOWN
from tests.gateway.conftest import Gateway, digit_png, picture, png, recorded
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, known_to_another, logits_for, until

pytestmark = pytest.mark.anyio

OTHER = "0123456789ab"
NAMED = {"model": "other"}


@pytest.fixture
def other() -> TorchServeDouble:
    """Calls every digit 9 less what it is, of pictures of 40 x 40."""
    return TorchServeDouble(versions=[OTHER], own=known_to_another())


async def adopted(client: httpx.AsyncClient, name: str = "other") -> None:
    """Once the model of this name is served."""

    async def served() -> bool:
        return (await client.get("/v1/model", params={"model": name})).status_code == 200

    await until(served, seconds=20)


async def test_each_model_answers_what_it_is_asked_by_its_name(
    gateway: Gateway, torchserve: TorchServeDouble, other: TorchServeDouble
) -> None:
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        usual = (await client.post("/v1/predict", content=digit_png(7))).json()
        named = (await client.post("/v1/predict", params=NAMED, content=digit_png(7))).json()
        again = (await client.post("/v1/predict", params={"model": "digits"}, content=digit_png(7))).json()
    PredictAnswer.model_validate(named)
    assert (usual["digit"], usual["model"], usual["cache"]) == (7, {"name": "digits", "version": VERSION}, "miss")
    assert (named["digit"], named["model"], named["cache"]) == (2, {"name": "other", "version": OTHER}, "miss")
    assert (again["digit"], again["cache"]) == (7, "hit")
    assert (torchserve.asked, other.asked) == (0, 0), "known digits both, at the side of each"


async def test_several_pictures_and_explanations_go_by_name_too(gateway: Gateway, other: TorchServeDouble) -> None:
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        files = [("image", digit_png(digit)) for digit in (1, 3)]
        several = (await client.post("/v1/predict/batch", params=NAMED, files=files)).json()["results"]
        explained = (await client.post("/v1/explain", params=NAMED, content=digit_png(4))).json()
        shown = await client.post("/v1/explain", params=NAMED, content=digit_png(4), headers={"Accept": "image/png"})
    assert [(each["digit"], each["model"]["name"]) for each in several] == [(8, "other"), (6, "other")]
    ExplainAnswer.model_validate(explained)
    assert (explained["digit"], np.shape(explained["map"])) == (5, (40, 40))
    assert shown.content.startswith(b"\x89PNG")


async def test_a_name_that_nobody_has_is_a_404_that_names_those_there_are(gateway: Gateway, other: TorchServeDouble) -> None:
    async with gateway(beside={"other": other}) as client:
        asked = {"model": "another"}
        answers = [await client.post(path, content=digit_png(1), params=asked) for path in ("/v1/predict", "/v1/explain")]
        answers.append(await client.post("/v1/predict/batch", files=[("image", digit_png(1))], params=asked))
        answers.append(await client.get("/v1/model", params=asked))
    assert [answer.status_code for answer in answers] == [404] * 4
    assert {answer.json()["detail"] for answer in answers} == {"no model is called 'another'; there are 'digits', 'other'"}


async def test_redis_keeps_the_answers_of_each_apart(gateway: Gateway, other: TorchServeDouble, valkey: str) -> None:
    async with redis.asyncio.Redis.from_url(valkey) as server:
        await server.flushall()
        async with gateway(redis_url=valkey, local_cache_bytes=0, beside={"other": other}) as client:
            await adopted(client)
            for name, digit in (("digits", 7), ("other", 2)):
                told: dict[str, Any] = {"cache": "miss"}
                async with asyncio.timeout(20):
                    while told["cache"] != "hit":
                        told = (await client.post("/v1/predict", params={"model": name}, content=digit_png(7))).json()
                        assert (told["digit"], told["model"]["name"]) == (digit, name)
            keys = sorted(bytes(key)[:-33].decode() for key in [key async for key in server.scan_iter()])
    assert keys == [f"digits:-:digits:{VERSION}", f"digits:-:other:{OTHER}"]


async def test_one_that_hangs_keeps_nobody_waiting_but_its_own(gateway: Gateway, other: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway(beside={"other": other}, deadline_seconds=0.5) as client:
        await adopted(client)
        other.before_answer = gate.wait
        held = [asyncio.create_task(client.post("/v1/predict", params=NAMED, content=png(picture(digit)))) for digit in range(5)]
        await asyncio.sleep(0.01)
        usual = [await client.post("/v1/predict", content=digit_png(digit)) for digit in range(5)]
        assert not any(each.done() for each in held)
        assert [answer.json()["digit"] for answer in usual] == list(range(5))
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {504}
        gate.set()


async def test_one_that_is_away_is_told_of_and_makes_nothing_else_unready(gateway: Gateway, other: TorchServeDouble) -> None:
    other.unreachable = True
    async with gateway(beside={"other": other}) as client:
        whole = await client.get("/readyz")
        refused = await client.post("/v1/predict", params=NAMED, content=digit_png(1))
        assert (await client.post("/v1/predict", content=digit_png(1))).status_code == 200
        other.unreachable = False
        await adopted(client)
        healed = (await client.get("/readyz")).json()["checks"]
    assert (whole.status_code, whole.json()["ready"]) == (200, True)
    checks = whole.json()["checks"]
    assert not checks["other.torchserve"]["ok"]
    assert not checks["other.model"]["ok"]
    assert checks["model"]["ok"]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert healed["other.model"] == {"ok": True, "reason": None}


async def test_one_that_misreads_its_own_known_pictures_is_not_served(gateway: Gateway, other: TorchServeDouble) -> None:
    other.answer = lambda pixels: httpx.Response(200, content=np.roll(logits_for(pixels, other.own), 1, axis=1).astype("<f4").tobytes())
    async with gateway(beside={"other": other}) as client:
        await until(lambda: len(other.pictures) >= 10)
        answer = await client.post("/v1/predict", params=NAMED, content=digit_png(1))
    assert answer.status_code == 503
    assert "reads 10 of 10 known digits wrong" in answer.json()["detail"]


async def test_one_without_known_pictures_has_to_answer_and_readiness_says_that_no_more_is_known(
    gateway: Gateway, other: TorchServeDouble
) -> None:
    other.tells_known = False
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        await until(lambda: len(other.pictures) >= 2)
        checks = (await client.get("/readyz")).json()["checks"]
        assert (await client.post("/v1/predict", params=NAMED, content=digit_png(1))).json()["digit"] == 8
    assert checks["other.model"] == {"ok": True, "reason": NOTHING_KNOWN}
    assert set(other.pictures[:2]) == {bytes(40 * 40)}


async def test_one_whose_known_pictures_are_damaged_is_not_served(gateway: Gateway, other: TorchServeDouble) -> None:
    assert other.own is not None
    other.facts = {"known": {"pixels": "00", "labels": [1]}}
    async with gateway(beside={"other": other}) as client:
        async with asyncio.timeout(20):
            while "cannot be read" not in (answer := await client.get("/v1/model", params=NAMED)).json()["detail"]:
                await asyncio.sleep(0.005)
    assert answer.status_code == 503


async def test_it_says_what_it_is_without_its_known_pictures(gateway: Gateway, other: TorchServeDouble) -> None:
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        told = (await client.get("/v1/model", params=NAMED)).json()
    assert (told["name"], told["version"], told["facts"]["side"]) == ("other", OTHER, 40)
    assert "known" not in told["facts"]


async def test_records_labels_and_past_explanations_are_of_the_version_that_answered(gateway: Gateway, other: TorchServeDouble) -> None:
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        answered = await client.post("/v1/predict", params=NAMED, content=digit_png(7), headers={"X-Consent": "training"})
        name = answered.json()["prediction_id"]
        row = await recorded(client, name)
        labelled = await client.post("/v1/feedback", json={"prediction_id": name, "label": 3})
        past = await client.post("/v1/explain", params={"prediction_id": name}, content=digit_png(7))
        without = await client.post("/v1/explain", params={"prediction_id": name})
        wrong = await client.post("/v1/explain", params={"prediction_id": name, "model": "digits"})
        metrics = (await client.get("/metrics")).text
    assert (row["model_version"], row["digit"]) == (OTHER, 2)
    assert labelled.status_code == 200
    assert f'digits_feedback_total{{label="3",model_version="{OTHER}",predicted="2"}} 1.0' in metrics
    assert (past.status_code, past.json()["model"]["name"], np.shape(past.json()["map"])) == (200, "other", (40, 40))
    assert wrong.status_code == 410
    assert (without.status_code, "were not kept" in without.text) == (400, True), "kept pixels are for training `digits`"


async def test_it_is_counted_by_its_version_and_alerts_on_what_is_served_are_of_the_default_one(
    gateway: Gateway, other: TorchServeDouble
) -> None:
    async with gateway(beside={"other": other}, canary_seconds=0.01) as client:
        await adopted(client)
        await client.post("/v1/predict", params=NAMED, content=digit_png(7))

        async def counted() -> object:
            cell = rf'digits_canary_total{{label="9",model_version="{OTHER}",predicted="9"}} [1-9]'
            return re.search(cell, (await client.get("/metrics")).text)

        await until(counted, seconds=20)
        metrics = (await client.get("/metrics")).text
    assert f'digits_predictions_total{{accepted="true",digit="2",model_version="{OTHER}"}} 1.0' in metrics
    assert f'digits_predictions_total{{accepted="true",digit="7",model_version="{VERSION}"}} 0.0' in metrics
    assert re.findall(r'gateway_info{model_version="(\w+)"} 1.0', metrics) == [VERSION]
    assert f'digits_baseline_accuracy_ratio{{model_version="{OTHER}"}}' in metrics


async def test_a_new_version_of_another_side_is_not_sent_pixels_that_were_made_for_the_last(
    gateway: Gateway, other: TorchServeDouble
) -> None:
    async with gateway(beside={"other": other}) as client:
        await adopted(client)
        other.versions, other.own = ["ba9876543210"], None
        answer = await client.post("/v1/predict", params=NAMED, content=digit_png(1))
        assert (answer.status_code, answer.json()["detail"]) == (503, "the model is being replaced; try again")
        assert (await client.post("/v1/predict", params=NAMED, content=digit_png(1))).json()["digit"] == 1

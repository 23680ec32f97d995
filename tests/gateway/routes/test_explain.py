"""`POST /v1/explain` answers as predict does, with the map of the digit; a past answer is explained by what gave it, or by nobody."""

import asyncio
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from gateway.contract import ModelVersion
from gateway.errors import OverCapacity
from gateway.explaining import MOST_WAITING, Explainer
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.overlay import SCALE
from gateway.routes.explain import wants_png
from gateway.schema import ExplainAnswer, PastExplanation, PredictAnswer
from tests.gateway.conftest import Gateway, digit_png, picture, png, recorded
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_to_another, map_for, until

pytestmark = pytest.mark.anyio

PATH = "/v1/explain"


def another(seed: int) -> bytes:
    """A picture that nobody asked before."""
    pixels = picture(seed % 10).copy()
    pixels[13, 13] ^= 1 + seed // 10
    return png(pixels)


def bmp(digit: int) -> bytes:
    """The same pixels in other bytes."""
    return cv2.imencode(".bmp", picture(digit))[1].tobytes()


def rounded(digit: int) -> list[list[float]]:
    told: list[list[float]] = map_for(picture(digit), digit).round(4).tolist()
    return told


async def test_the_answer_is_predict_s_with_the_map_of_its_digit(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.post(PATH, content=digit_png(7))
        single = (await client.post("/v1/predict", content=digit_png(7))).json()
    assert answer.status_code == 200
    told = answer.json()
    ExplainAnswer.model_validate(told)
    assert (told["digit"], told["cache"]) == (7, "miss")
    assert list(told) == [*single, "map"]
    np.testing.assert_allclose(told["map"], rounded(7), atol=1e-6)


async def test_it_is_counted_and_recorded_as_a_prediction(gateway: Gateway) -> None:
    async with gateway() as client:
        told = (await client.post(PATH, content=digit_png(7))).json()
        assert (await recorded(client, told["prediction_id"]))["digit"] == 7
        metrics = (await client.get("/metrics")).text
    assert 'digits_predictions_total{accepted="true",digit="7"' in metrics
    assert 'gateway_explanations_total{outcome="computed"} 1.0' in metrics
    assert 'gateway_requests_total{method="POST",route="/v1/explain",status="200"} 1.0' in metrics


async def test_a_map_is_computed_once(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        first = (await client.post(PATH, content=digit_png(3))).json()
        again = [(await client.post(PATH, content=upload)).json() for upload in (digit_png(3), bmp(3))]
    assert torchserve.explained == [3]
    assert [each["map"] for each in again] == [first["map"]] * 2


async def test_equal_pictures_in_flight_share_a_map(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    upload = another(5)
    async with gateway() as client:
        answers = await asyncio.gather(*(client.post(PATH, content=upload) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len(torchserve.explained) == 1


async def test_pictures_to_read_and_to_explain_each_get_their_own_kind(gateway: Gateway) -> None:
    uploads = [another(seed) for seed in range(50)]
    async with gateway() as client:
        calls = [client.post(PATH if index % 2 else "/v1/predict", content=upload) for index, upload in enumerate(uploads)]
        answers = await asyncio.gather(*calls)
    for index, answer in enumerate(answers):
        assert answer.status_code == 200
        (ExplainAnswer if index % 2 else PredictAnswer).model_validate(answer.json())
        assert ("map" in answer.json()) == bool(index % 2)


async def test_a_map_may_come_as_a_picture(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.post(PATH, content=digit_png(7), headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    drawn = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == (28 * SCALE, 28 * SCALE, 3)
    row, column = np.unravel_index(map_for(picture(7), 7).argmax(), (28, 28))
    blue, _, red = drawn[row * SCALE + SCALE // 2, column * SCALE + SCALE // 2].tolist()
    corner_blue, _, corner_red = drawn[0, 0].tolist()
    assert red > blue
    assert corner_blue > corner_red


@pytest.mark.parametrize(
    ("accept", "png_wanted"),
    [
        ("image/png", True),
        ("image/*;q=0.8, */*", True),
        ("application/json, image/png", False),
        ("*/*", False),
        ("", False),
        ("text/html", False),
    ],
)
def test_a_picture_comes_to_those_who_ask_for_it_first(accept: str, png_wanted: bool) -> None:
    assert wants_png(accept) is png_wanted


@pytest.mark.parametrize(
    ("bad", "status"), [(b"", 400), (b"seven", 415), (digit_png(7)[:60], 422), (png(np.zeros((200, 200), np.uint8)), 413)]
)
async def test_a_bad_picture_is_refused_as_at_predict(gateway: Gateway, bad: bytes, status: int) -> None:
    async with gateway(max_pixels=10_000) as client:
        answer, single = [await client.post(path, content=bad) for path in (PATH, "/v1/predict")]
    assert answer.status_code == single.status_code == status
    assert answer.json()["detail"] == single.json()["detail"]


@pytest.mark.parametrize("nonsense", [b"", bytes(3135), np.full(784, 2, "<f4").tobytes(), np.full(784, np.nan, "<f4").tobytes()])
async def test_a_model_that_answers_no_map_is_told_as_such(gateway: Gateway, torchserve: TorchServeDouble, nonsense: bytes) -> None:
    torchserve.map = lambda pixels, digit: nonsense
    async with gateway() as client:
        answer = await client.post(PATH, content=digit_png(7))
        metrics = (await client.get("/metrics")).text
    assert answer.status_code == 502
    assert 'gateway_explanations_total{outcome="failed"} 1.0' in metrics
    assert 'digits_predictions_total{accepted="true",digit="7",model_version="ab12cd34ef56"} 0.0' in metrics


async def test_one_is_asked_of_the_model_at_a_time_and_too_many_are_shed(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    explainer = Explainer(ModelClient(metrics, 20.0, torchserve.transport()), metrics)
    model = ModelVersion("digits", VERSION, INFERENCE_URL, MANAGEMENT_URL, {"arithmetic": "float32"})
    go, at_once, most = asyncio.Event(), 0, 0

    async def held() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go.wait()
        at_once -= 1

    torchserve.before_answer = held
    asked = [asyncio.create_task(explainer.explain(model, picture(0), bytes([0]) * 32, 0))]
    await until(lambda: at_once == 1)
    asked += [asyncio.create_task(explainer.explain(model, picture(0), bytes([seed]) * 32, 0)) for seed in range(1, MOST_WAITING + 3)]
    await until(lambda: any(task.done() for task in asked))
    go.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await explainer.close()
    assert [type(answer) for answer in answers[-2:]] == [OverCapacity] * 2
    assert not any(isinstance(answer, Exception) for answer in answers[:-2])
    assert most == 1


async def test_of_the_maps_the_newest_are_remembered(torchserve: TorchServeDouble) -> None:
    metrics = Metrics()
    explainer = Explainer(ModelClient(metrics, 2.0, torchserve.transport()), metrics, remembered=2)
    model = ModelVersion("digits", VERSION, INFERENCE_URL, MANAGEMENT_URL, {"arithmetic": "float32"})
    for digit in (1, 2, 1, 3, 1, 2):
        await explainer.explain(model, picture(digit), bytes([digit]) * 32, digit)
    await explainer.close()
    assert torchserve.explained == [1, 2, 3, 2]


async def past(client: httpx.AsyncClient, upload: bytes, **headers: str) -> str:
    """A prediction that is recorded by now."""
    prediction_id = (await client.post("/v1/predict", content=upload, headers=headers)).json()["prediction_id"]
    await recorded(client, prediction_id)
    return str(prediction_id)


async def explained(client: httpx.AsyncClient, prediction_id: str, upload: bytes = b"") -> Any:
    return await client.post(PATH, params={"prediction_id": prediction_id}, content=upload)


async def test_a_past_answer_is_explained_when_its_picture_is_sent_again(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await past(client, digit_png(4))
        answer = await explained(client, prediction_id, bmp(4))
        metrics = (await client.get("/metrics")).text
    told = answer.json()
    PastExplanation.model_validate(told)
    assert (told["prediction_id"], told["digit"]) == (prediction_id, 4)
    np.testing.assert_allclose(told["map"], rounded(4), atol=1e-6)
    assert 'digits_predictions_total{accepted="true",digit="4",model_version="ab12cd34ef56"} 1.0' in metrics, "it is no new prediction"


async def test_a_past_answer_is_explained_by_pixels_that_were_kept(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await explained(client, await past(client, digit_png(4), **{"X-Consent": "training"}))
    np.testing.assert_allclose(answer.json()["map"], rounded(4), atol=1e-6)


async def test_a_past_answer_without_pixels_or_with_others_is_refused(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = await past(client, digit_png(4))
        nothing, another = await explained(client, prediction_id), await explained(client, prediction_id, digit_png(5))
        unknown = await explained(client, prediction_id[:-1] + ("0" if prediction_id[-1] != "0" else "1"), digit_png(4))
    assert [answer.status_code for answer in (nothing, another, unknown)] == [400, 409, 404]
    assert "send the picture again" in nothing.json()["detail"]


async def test_a_version_that_is_gone_is_named(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        prediction_id = await past(client, digit_png(4))
        torchserve.versions = ["0123456789ab"]
        async with asyncio.timeout(5):
            while (await client.get("/v1/model")).json()["version"] != "0123456789ab":
                await asyncio.sleep(0.01)
        answer = await explained(client, prediction_id, digit_png(4))
    assert answer.status_code == 410
    assert "version ab12cd34ef56 gave this answer" in answer.json()["detail"]


async def test_without_records_no_past_answer_is_explained(gateway: Gateway) -> None:
    async with gateway(records="off") as client:
        prediction_id = (await client.post("/v1/predict", content=digit_png(4))).json()["prediction_id"]
        answer = await explained(client, prediction_id, digit_png(4))
    assert answer.status_code == 503
    assert "GATEWAY_RECORDS=off" in answer.json()["detail"]


async def test_a_past_answer_is_explained_at_the_side_of_the_version_that_gave_it(gateway: Gateway) -> None:
    first, second = TorchServeDouble(versions=["0123456789ab"], unreachable=True), TorchServeDouble(own=known_to_another())
    models = ",".join(f"other=http://{host}.test:8080|http://{host}.test:8081" for host in ("first", "second"))
    named = {"model": "other"}

    async def served(client: httpx.AsyncClient, version: str) -> None:
        async with asyncio.timeout(5):
            while (await client.get("/v1/model", params=named)).json().get("version") != version:
                await asyncio.sleep(0.01)

    async with gateway(beside={"first": first, "second": second}, models=models) as client:
        await served(client, VERSION)
        prediction_id = (await client.post("/v1/predict", params=named, content=digit_png(4))).json()["prediction_id"]
        await recorded(client, prediction_id)
        first.unreachable = False
        await served(client, "0123456789ab")
        answer = await client.post(PATH, params={"prediction_id": prediction_id, **named}, content=digit_png(4))
    assert answer.status_code == 200
    assert np.shape(answer.json()["map"]) == (40, 40)


async def test_a_version_that_is_gone_is_told_where_none_is_served_either(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        prediction_id = await past(client, digit_png(4))
    torchserve.unreachable = True
    async with gateway(wait=False) as client:
        assert (await explained(client, prediction_id, digit_png(4))).status_code == 410

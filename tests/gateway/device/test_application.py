"""What the edge server answers besides predictions, and that a gateway answers the same: the shared tests are in tests/gateway/routes."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gateway.prediction_id import PredictionIds
from gateway.prompt import Prompt
from gateway.schema import ModelCard, PredictAnswer
from gateway.signing import Signer, read_or_make_secret
from tests.gateway.conftest import Gateway, digit_png, picture, png
from tests.gateway.device.double import device_application, on_device
from tests.gateway.routes.batches import json_of
from tests.gateway.torchserve_double import VERSION, TorchServeDouble

pytestmark = pytest.mark.anyio

VOLATILE = ("prediction_id", "record", "request_id")


@pytest.mark.parametrize(
    "asked",
    [
        ("POST", "/v1/predict", {"content": digit_png(7)}),
        ("POST", "/v1/predict", {"content": b"seven"}),
        ("POST", "/v1/predict/batch", json_of(b"seven")),
        ("POST", "/v1/predict/batch", {"content": digit_png(7)}),
        ("GET", "/v1/predict", {}),
        ("HEAD", "/v1/model", {}),
        ("DELETE", "/v1/predict/batch", {}),
        ("GET", "/nothing", {}),
        ("GET", "/readyz?for=fun", {}),
        ("GET", "/readyz?for=", {}),
        ("GET", "/readyz?for=traffic", {}),
        ("GET", "/readyz?for=fun&for=traffic", {}),
        ("GET", "/readyz?for=traffic&for=fun", {}),
        ("GET", "/v1/model?model=arabic", {}),
        ("GET", "/v1/model?model=", {}),
        ("GET", "/v1/model?model=digits&model=arabic", {}),
        ("GET", "/v1/model?model=%C3%A9", {}),
        ("GET", "/healthz", {}),
    ],
    ids=lambda asked: f"{asked[0]} {asked[1]}",
)
async def test_it_answers_what_a_gateway_answers(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path, asked: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, sent = asked
    async with gateway() as client, on_device(tmp_path / "device", torchserve) as edge:
        usual, told = [await each.request(method, path, headers={"X-Request-Id": "mine"}, **sent) for each in (client, edge)]
    assert told.status_code == usual.status_code
    timing = ("server-timing", "content-length")
    assert {name: value for name, value in told.headers.items() if name not in timing} == {
        name: value for name, value in usual.headers.items() if name not in timing
    }
    assert said(told) == said(usual)


def said(answer: httpx.Response) -> Any:
    """Without what differs each time, members in their order."""
    body = orjson.loads(answer.content) if answer.content else {}
    return [(name, value) for name, value in body.items() if name not in VOLATILE]


async def test_its_ids_are_signed_as_a_gateway_with_the_same_secret_signs_them(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    async with on_device(tmp_path, torchserve, secret_file=secret) as edge:
        answer = (await edge.post("/v1/predict", content=digit_png(7))).json()
    known = PredictionIds(Signer(read_or_make_secret(secret))).read(answer["prediction_id"])
    assert known is not None
    assert (known.digit, known.version) == (7, VERSION)


async def test_the_model_card_is_given_by_its_name_too(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with on_device(tmp_path, torchserve) as edge:
        named, unnamed = await edge.get("/v1/model?model=digits"), await edge.get("/v1/model")
    assert (named.status_code, named.content) == (200, unnamed.content)


async def test_the_model_card_is_one(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with on_device(tmp_path, torchserve) as edge:
        card = ModelCard.model_validate_json((await edge.get("/v1/model")).content)
    assert (card.name, card.version, card.arithmetic, card.digest) == ("digits", VERSION, "float32", "d" * 64)


async def test_it_is_ready_as_long_as_known_digits_are_read_right(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    async with on_device(tmp_path, torchserve) as edge:
        ready = await edge.get("/readyz")
        torchserve.answer = lambda pixels: httpx.Response(200, content=b"nonsense")
        broken = await edge.get("/readyz")
        still = await edge.get("/readyz?for=traffic")
        ready_series = (await edge.get("/metrics")).text
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "state": "serving", "checks": {"model": {"ok": True, "reason": None}}},
    )
    assert (broken.status_code, broken.json()["ready"], still.status_code) == (503, False, 200)
    assert "pictures" in broken.json()["checks"]["model"]["reason"]
    assert "gateway_ready 0.0" in ready_series


async def test_plain_requests_are_answered_to_the_server_itself(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    app = device_application(tmp_path, torchserve)
    async with app.running():
        waiting = app.plain([], png(picture(4)))
        assert waiting is not None
        assert not isinstance(waiting, Prompt)
        miss = await waiting
        hit = app.plain([], png(picture(4)))
    assert isinstance(hit, Prompt)
    answers = [PredictAnswer.model_validate_json(each.body) for each in (miss, hit)]
    assert [(answer.digit, answer.cache, answer.record) for answer in answers] == [(4, "miss", "none"), (4, "hit", "none")]


async def test_a_server_starts_and_stops_it(torchserve: TorchServeDouble, tmp_path: Path) -> None:
    app = device_application(tmp_path, torchserve)
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    told: list[str] = []

    async def send(message: Any) -> None:
        told.append(message["type"])

    living = asyncio.create_task(app({"type": "lifespan"}, messages.get, send))
    await messages.put({"type": "lifespan.startup"})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://edge.test") as client:
        async with asyncio.timeout(10):
            while not told:
                await asyncio.sleep(0.005)
        serving = (await client.get("/readyz?for=traffic")).json()["state"]
        await messages.put({"type": "lifespan.shutdown"})
        await living
        drained = await client.get("/readyz?for=traffic")
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert serving == "serving"
    assert (drained.status_code, drained.json()["state"]) == (503, "draining")

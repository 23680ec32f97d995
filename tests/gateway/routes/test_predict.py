import asyncio
import base64

import httpx
import orjson
import pytest
import redis.asyncio

from gateway.schema import PredictAnswer
from tests.gateway.conftest import Gateway, both_servers, digit_png, picture, png
from tests.gateway.routes.in_flight import all_in_flight
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, logits_for

pytestmark = pytest.mark.anyio

ODD_FORM = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\nx\r\n--b--\r\n'
"""Read in an encoding that there is not, it breaks the parser."""

VOLATILE = ("prediction_id", "cache", "record")


@both_servers
async def test_a_picture_gets_its_digit(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.post("/v1/predict", content=digit_png(7))
    assert answer.status_code == 200
    body = PredictAnswer.model_validate_json(answer.content)
    assert body.digit == 7
    assert body.confidence == body.probabilities[7]
    assert body.candidates == [7]
    assert body.accepted
    assert body.model.version == VERSION
    assert body.cache == "miss"
    assert (body.input.width, body.input.height, body.input.inverted) == (28, 28, False)
    assert answer.headers["x-cache"] == "miss"
    assert {part.split(";")[0] for part in answer.headers["server-timing"].split(", ")} == {"cache", "decode", "queue", "model"}


@pytest.mark.parametrize(("gateway", "record"), [("gateway", "buffered"), ("edge", "none")], indirect=["gateway"])
async def test_an_answer_says_how_safely_it_is_recorded(gateway: Gateway, record: str) -> None:
    async with gateway() as client:
        assert (await client.post("/v1/predict", content=digit_png(7))).json()["record"] == record


@both_servers
@pytest.mark.parametrize(
    "sent",
    [
        {"content": digit_png(3), "headers": {"Content-Type": "image/png"}},
        {"content": digit_png(3), "headers": {"Content-Type": "text/plain"}},
        {"files": {"image": ("digit.bin", digit_png(3))}},
        {"json": {"image": base64.b64encode(digit_png(3)).decode()}},
    ],
    ids=["body", "body that lies about its type", "multipart", "json"],
)
async def test_all_three_forms_are_read_alike(gateway: Gateway, sent: dict[str, object]) -> None:
    async with gateway() as client:
        answer = await client.post("/v1/predict", **sent)  # type: ignore[arg-type]
    assert answer.json()["digit"] == 3


@both_servers
async def test_a_repeat_is_a_hit_and_says_the_same(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        first = (await client.post("/v1/predict", content=digit_png(7))).json()
        asked = torchserve.asked
        second = (await client.post("/v1/predict", content=digit_png(7))).json()
        assert torchserve.asked == asked
    assert (first["cache"], second["cache"]) == ("miss", "hit")
    assert first["prediction_id"] != second["prediction_id"]
    for name in VOLATILE:
        del first[name], second[name]
    assert orjson.dumps(first) == orjson.dumps(second)


@both_servers
async def test_cache_control_is_obeyed(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        stored = await client.post("/v1/predict", content=digit_png(1), headers={"Cache-Control": "no-store"})
        again = await client.post("/v1/predict", content=digit_png(1))
        fresh = await client.post("/v1/predict", content=digit_png(1), headers={"Cache-Control": "max-age=0, No-Cache"})
        hit = await client.post("/v1/predict", content=digit_png(1))
    assert [answer.json()["cache"] for answer in (stored, again, fresh, hit)] == ["bypass", "miss", "bypass", "hit"]


@both_servers
async def test_a_header_sent_twice_is_a_list(gateway: Gateway) -> None:
    async with gateway() as client:
        sent = [("Cache-Control", "no-store"), ("Cache-Control", "max-age=0")]
        answers = [await client.post("/v1/predict", content=digit_png(1), headers=sent) for _ in range(2)]
    assert [answer.json()["cache"] for answer in answers] == ["bypass", "bypass"]


@both_servers
@pytest.mark.parametrize(
    ("query", "status"), [("model=digits", 200), ("other=1", 200), ("model=letters&model=digits", 200), ("model=%ff", 400)]
)
async def test_a_query_chooses_the_model_or_is_malformed(gateway: Gateway, query: str, status: int) -> None:
    async with gateway() as client:
        assert (await client.post(f"/v1/predict?{query}", content=digit_png(1))).status_code == status


async def test_the_call_is_documented_and_no_other_method_is_taken(gateway: Gateway) -> None:
    async with gateway() as client:
        documented = (await client.get("/openapi.json")).json()["paths"]["/v1/predict"]
        put = await client.put("/v1/predict", content=digit_png(1))
    assert set(documented) == {"post"}
    assert "multipart/form-data" in documented["post"]["requestBody"]["content"]
    assert (put.status_code, put.headers["allow"]) == (405, "POST")


@both_servers
async def test_many_requests_with_one_new_picture_reach_the_model_once(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    new = picture(5).copy()
    new[13, 13] ^= 1
    async with gateway(deadline_seconds=20) as client:
        torchserve.before_answer = gate.wait
        posts = [asyncio.create_task(client.post("/v1/predict", content=png(new))) for _ in range(200)]
        await all_in_flight(client, 200)
        gate.set()
        answers = await asyncio.gather(*posts)
    assert torchserve.pictures.count(new.tobytes()) == 1
    states = [answer.json()["cache"] for answer in answers]
    assert states.count("miss") == 1
    assert states.count("coalesced") == 199
    assert {answer.json()["digit"] for answer in answers} == {5}


@both_servers
async def test_different_pictures_in_flight_travel_together(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway() as client:
        torchserve.before_answer = gate.wait
        posts = [asyncio.create_task(client.post("/v1/predict", content=digit_png(digit))) for digit in range(10)]
        await all_in_flight(client, 10)
        torchserve.batches.clear()
        gate.set()
        answers = await asyncio.gather(*posts)
    assert [answer.json()["digit"] for answer in answers] == list(range(10))
    assert max(torchserve.batches) >= 7


async def test_a_replaced_model_answers_under_its_own_name(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        torchserve.versions = ["000000000001"]
        answer = await client.post("/v1/predict", content=digit_png(8))
        repeated = await client.post("/v1/predict", content=digit_png(7))
    assert answer.json()["model"]["version"] == "000000000001"
    assert repeated.json()["cache"] == "miss"


@both_servers
async def test_an_answer_of_an_unsure_model_is_not_accepted(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    torchserve.accept_threshold = 0.99999
    async with gateway() as client:
        answer = (await client.post("/v1/predict", content=digit_png(7))).json()
    assert answer["digit"] == 7
    assert not answer["accepted"]
    assert answer["reasons"] == ["low_confidence"]


async def test_what_the_model_says_is_no_digit_is_not_accepted_and_what_stays_possible_is_told(
    gateway: Gateway, torchserve: TorchServeDouble, valkey: str
) -> None:
    torchserve.answer = lambda pixels: httpx.Response(200, content=(logits_for(pixels) - 6).astype("<f4").tobytes())
    torchserve.limits = {"score": "energy", "least": 9.0, "level": 0.999, "quantile": 1e-6}
    async with redis.asyncio.Redis.from_url(valkey) as server, gateway(redis_url=valkey, local_cache_bytes=0, canary_seconds=0) as client:
        await server.flushall()
        answers = [(await client.post("/v1/predict", content=digit_png(7))).json()]
        async with asyncio.timeout(20):
            while answers[-1]["cache"] != "hit":
                answers.append((await client.post("/v1/predict", content=digit_png(7))).json())
    for answer in answers:
        assert answer["confidence"] > 0.9999
        assert answer["reasons"] == ["not_a_digit"]
        assert not answer["accepted"]
        assert answer["candidates"] == [7, 0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert {answer["cache"] for answer in answers[:-1]} == {"miss"}, "but the last, a hit"


@both_servers
@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        ({"content": b""}, 400, "malformed"),
        ({"content": b"seven"}, 415, "not-an-image"),
        ({"content": digit_png(7)[:60]}, 422, "unreadable-image"),
        ({"content": b"\0" * 10_485_761}, 413, "too-large"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "malformed"),
        ({"json": {"image": "!"}}, 400, "malformed"),
        ({"json": {"picture": ""}}, 400, "malformed"),
        ({"json": [1]}, 400, "malformed"),
        ({"files": {"picture": b"x"}}, 400, "malformed"),
        ({"data": {"image": "x"}, "files": {"other": b""}}, 400, "malformed"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "malformed"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400, "malformed"),
        ({"content": ODD_FORM, "headers": {"Content-Type": "multipart/form-data; boundary=b; charset=undefined"}}, 400, "malformed"),
        ({"content": digit_png(7), "params": {"model": "letters"}}, 404, "not-found"),
    ],
)
async def test_bad_input_gets_a_problem_that_says_what_is_wrong(gateway: Gateway, sent: dict[str, object], status: int, slug: str) -> None:
    async with gateway() as client:
        answer = await client.post("/v1/predict", **sent)  # type: ignore[arg-type]
        again = await client.post("/v1/predict", content=digit_png(7))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:digitserve:problem:{slug}"
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert again.status_code == 200


async def test_hits_are_served_while_the_model_is_away_and_misses_say_so(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        await client.post("/v1/predict", content=digit_png(7))
        torchserve.unreachable = True
        hit = await client.post("/v1/predict", content=digit_png(7))
        miss = await client.post("/v1/predict", content=digit_png(8))
    assert hit.status_code == 200
    assert miss.status_code == 503
    assert int(miss.headers["retry-after"]) >= 1


@both_servers
async def test_a_model_that_talks_nonsense_is_a_502_and_is_not_remembered(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        torchserve.answer = lambda pixels: httpx.Response(200, content=b"nonsense")
        assert (await client.post("/v1/predict", content=digit_png(7))).status_code == 502
        torchserve.answer = None
        assert (await client.post("/v1/predict", content=digit_png(7))).json()["cache"] == "miss"

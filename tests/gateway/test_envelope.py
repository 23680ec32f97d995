"""Pictures are taken out of the envelope that carries them: what is wrong with one fails alone, what is wrong with all as a whole."""

from typing import Any

import pytest

from gateway.envelope import MOST_PICTURES, OTHER_FIELDS
from gateway.schema import ProblemBody
from tests.gateway.conftest import Gateway, both_servers, digit_png
from tests.gateway.routes.batches import NO_IMAGE, PATH, both_forms, form_of, json_of, told

pytestmark = pytest.mark.anyio


@both_servers
async def test_what_is_not_base64_fails_alone_as_it_would_at_predict(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.post(PATH, json={"images": ["!", *json_of(digit_png(4))["json"]["images"], "\N{PILE OF POO}"]})
        single = await client.post("/v1/predict", json={"image": "!"})
    first, good, last = answer.json()["results"]
    assert told(first) == told(last) == told(single.json())
    assert (first["status"], good["digit"]) == (400, 4)


@both_servers
async def test_a_part_that_is_no_file_fails_alone(gateway: Gateway) -> None:
    files: Any = [("image", (None, "text")), ("image", ("4.png", digit_png(4)))]
    async with gateway() as client:
        problem, good = (await client.post(PATH, files=files)).json()["results"]
    assert (problem["status"], good["digit"]) == (400, 4)
    assert "file" in problem["detail"]


@both_servers
async def test_other_parts_are_passed_over_as_long_as_they_are_few(gateway: Gateway) -> None:
    few: Any = [*([("comment", (None, "text"))] * OTHER_FIELDS), ("picture", ("5.png", digit_png(5))), ("image", ("4.png", digit_png(4)))]
    async with gateway() as client:
        answer = await client.post(PATH, files=few)
        refused = await client.post(PATH, files=[("comment", (None, "text")), *few])
    assert [result["digit"] for result in answer.json()["results"]] == [4]
    assert refused.status_code == 400


@both_servers
@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "application/json"),
        ({"content": digit_png(7), "headers": {"Content-Type": "image/png"}}, "multipart/form-data"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, "JSON"),
        ({"json": ["iVBORw0KGgo="]}, "images"),
        ({"json": {"image": "iVBORw0KGgo="}}, "images"),
        ({"json": {"images": "iVBORw0KGgo="}}, "images"),
        ({"json": {"images": ["iVBORw0KGgo=", None]}}, "images"),
        (json_of(), "0 pictures"),
        (json_of(*[NO_IMAGE] * (MOST_PICTURES + 1)), "64"),
        (form_of(*[NO_IMAGE] * (MOST_PICTURES + 1)), "64"),
        ({"files": {"picture": NO_IMAGE}}, "0 pictures"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, "boundary"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, "multipart"),
    ],
)
async def test_a_wrong_envelope_is_refused_as_a_whole_and_says_what_is_wrong(gateway: Gateway, sent: dict[str, Any], says: str) -> None:
    async with gateway() as client:
        answer = await client.post(PATH, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    body = ProblemBody.model_validate_json(answer.content)
    assert body.type == "urn:digitserve:problem:malformed"
    assert says in body.detail
    assert body.request_id == answer.headers["x-request-id"]


@both_servers
@both_forms
async def test_as_many_pictures_are_taken_as_one_request_to_the_model_carries(gateway: Gateway, form: Any) -> None:
    async with gateway() as client:
        answer = await client.post(PATH, **form(*[digit_png(6)] * MOST_PICTURES))
    assert [result["digit"] for result in answer.json()["results"]] == [6] * MOST_PICTURES

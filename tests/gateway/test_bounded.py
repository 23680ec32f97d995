"""A JSON body that is too long or too slow is refused, whatever it would have said, and one that is neither is read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.bounded import MAX_BYTES
from tests.gateway.conftest import Gateway, digit_png

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/v1/feedback", "/v1/alerts"])
async def test_a_body_that_is_too_long_is_refused_before_it_is_read_whole(gateway: Gateway, path: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 20 * MAX_BYTES:
            sent += 65_536
            yield b" " * 65_536

    async with gateway() as client:
        answer = await client.post(path, content=endless(), headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert sent <= 2 * MAX_BYTES


async def test_a_body_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    async with gateway(deadline_seconds=0.1) as client:
        answer = await client.post("/v1/feedback", content=slow(), headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (408, "application/problem+json")


async def test_a_small_body_is_read(gateway: Gateway) -> None:
    async with gateway() as client:
        prediction_id = (await client.post("/v1/predict", content=digit_png(7))).json()["prediction_id"]
        answer = await client.post("/v1/feedback", json={"prediction_id": prediction_id, "label": 7})
    assert answer.status_code == 200

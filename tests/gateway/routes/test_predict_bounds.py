import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.upload import LARGE_BYTES, LARGE_TOGETHER
from tests.gateway.conftest import Gateway, both_servers, digit_png
from tests.gateway.routes.in_flight import all_in_flight
from tests.gateway.torchserve_double import TorchServeDouble, until

pytestmark = pytest.mark.anyio


@both_servers
async def test_a_body_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"\x89PNG"
        await asyncio.sleep(5)
        yield b"never"

    async with gateway(deadline_seconds=0.2) as client:
        answer = await client.post("/v1/predict", content=drip())
    assert answer.status_code == 408


@both_servers
async def test_a_body_that_grows_past_the_limit_is_cut_off(gateway: Gateway) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield b"\0" * 2**16

    async with gateway(max_upload_bytes=2**20) as client:
        answer = await client.post("/v1/predict", content=flood())
    assert answer.status_code == 413


@both_servers
async def test_only_so_many_large_uploads_are_held_at_a_time(gateway: Gateway) -> None:
    gate = asyncio.Event()

    async def large() -> AsyncIterator[bytes]:
        yield b"\0" * (LARGE_BYTES + 1)
        await gate.wait()

    async with gateway(deadline_seconds=20) as client:
        held = [asyncio.create_task(client.post("/v1/predict", content=large())) for _ in range(LARGE_TOGETHER)]
        await all_in_flight(client, LARGE_TOGETHER)
        refused = await client.post("/v1/predict", content=b"\0" * (LARGE_BYTES + 1))
        small = await client.post("/v1/predict", content=digit_png(7))
        gate.set()
        await asyncio.gather(*held)
        again = await client.post("/v1/predict", content=b"\0" * (LARGE_BYTES + 1))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert small.status_code == 200
    assert again.status_code == 415


@both_servers
async def test_a_model_that_does_not_answer_is_a_504_in_time(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(deadline_seconds=0.3) as client:
        torchserve.before_answer = asyncio.Event().wait
        answer = await client.post("/v1/predict", content=digit_png(7))
    assert answer.status_code == 504


@both_servers
async def test_more_pictures_than_may_wait_are_refused_with_retry_after(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway(queue_pictures=3) as client:
        torchserve.before_answer = gate.wait
        posts = [asyncio.create_task(client.post("/v1/predict", content=digit_png(digit))) for digit in range(10)]
        await until(lambda: sum(post.done() for post in posts) >= 4)
        gate.set()
        answers = await asyncio.gather(*posts)
        metrics = (await client.get("/metrics")).text
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 4
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert f'gateway_shed_total{{reason="queue_full"}} {len(refused)}.0' in metrics


@both_servers
async def test_no_place_in_the_queue_is_kept_for_those_who_left(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(deadline_seconds=0.5) as client:
        torchserve.before_answer = asyncio.Event().wait
        answers = await asyncio.gather(*(client.post("/v1/predict", content=digit_png(digit)) for digit in range(10)))
        depth = (await client.get("/metrics")).text.split("gateway_model_queue_depth ")[-1].split()[0]
        torchserve.before_answer = None
        fresh = await client.post("/v1/predict", content=digit_png(3))
    assert {answer.status_code for answer in answers} == {504}
    assert float(depth) <= 10
    assert fresh.status_code == 200
    assert torchserve.batches[-1] == 1

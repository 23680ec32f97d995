import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.upload import LARGE_BYTES, LARGE_TOGETHER
from tests.gateway.conftest import Gateway, both_servers, digit_png, png
from tests.gateway.routes.batches import PATH, ask, both_forms, json_of, looked_up, new_picture
from tests.gateway.torchserve_double import TorchServeDouble, until

pytestmark = pytest.mark.anyio


@both_servers
@both_forms
async def test_pictures_are_bounded_together_as_one_is_alone(gateway: Gateway, form: Any) -> None:
    each = digit_png(7)
    async with gateway(max_upload_bytes=3 * len(each)) as client:
        taken = await client.post(PATH, **form(*[each] * 3))
        refused = await client.post(PATH, **form(*[each] * 4))
    assert taken.status_code == 200
    assert refused.status_code == 413
    assert "together" in refused.json()["detail"]


@both_servers
async def test_a_body_that_says_it_is_too_large_is_not_read(gateway: Gateway) -> None:
    async with gateway() as client:
        headers = {"Content-Type": "application/json", "Content-Length": str(15 * 2**20)}
        answer = await client.post(PATH, content=b"{", headers=headers)
    assert answer.status_code == 413


@both_servers
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b"])
async def test_a_body_that_grows_past_the_limit_is_cut_off(gateway: Gateway, kind: str) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
        for _ in range(1_000):
            sent += 2**16
            yield b" " * 2**16

    async with gateway(max_upload_bytes=2**20) as client:
        answer = await client.post(PATH, content=flood(), headers={"Content-Type": kind})
    assert answer.status_code == 413
    assert sent < 2 * 2**20


@both_servers
@both_forms
async def test_a_batch_may_be_larger_than_the_bodies_of_other_calls_and_never_lies_on_disk(
    gateway: Gateway, form: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with gateway(max_upload_bytes=10 * 2**20) as client:
        with monkeypatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
            answer = await client.post(PATH, **form(b"\0" * 3 * 2**20, digit_png(7), b"\0" * 3 * 2**20))
    assert answer.status_code == 200, answer.text
    large, small, _ = answer.json()["results"]
    assert (large["status"], small["digit"]) == (415, 7)


@both_servers
async def test_a_body_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b'{"images":'
        await asyncio.sleep(60)

    async with gateway(deadline_seconds=0.2) as client:
        answer = await client.post(PATH, content=drip(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 408


@both_servers
async def test_large_batches_count_among_the_large_uploads_that_are_held(gateway: Gateway) -> None:
    gate, arrived = asyncio.Event(), 0

    async def large() -> AsyncIterator[bytes]:
        nonlocal arrived
        yield b" " * (LARGE_BYTES + 1)
        arrived += 1
        await gate.wait()

    headers = {"Content-Type": "application/json"}
    async with gateway(deadline_seconds=20) as client:
        held = [asyncio.create_task(client.post(PATH, content=large(), headers=headers)) for _ in range(LARGE_TOGETHER)]
        await until(lambda: arrived == LARGE_TOGETHER)
        for path in (PATH, "/v1/predict"):
            refused = await client.post(path, content=b" " * (LARGE_BYTES + 1), headers=headers)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert (await ask(client, digit_png(7)))[0]["digit"] == 7
        gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*held)} == {400}
        again = await client.post(PATH, content=b" " * (LARGE_BYTES + 1), headers=headers)
    assert again.status_code == 400


@both_servers
async def test_a_large_batch_is_held_until_it_is_answered(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    gate = asyncio.Event()
    async with gateway(deadline_seconds=20) as client:
        torchserve.before_answer = gate.wait
        bodies = [json_of(b"\0" * LARGE_BYTES, png(new_picture(digit))) for digit in range(LARGE_TOGETHER)]
        held = [asyncio.create_task(client.post(PATH, **body)) for body in bodies]
        await looked_up(client, 2 * LARGE_TOGETHER)
        refused = await client.post("/v1/predict", content=b" " * (LARGE_BYTES + 1))
        gate.set()
        answers = await asyncio.gather(*held)
    assert refused.status_code == 429
    assert [answer.json()["results"][1]["digit"] for answer in answers] == list(range(LARGE_TOGETHER))

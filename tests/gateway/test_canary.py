"""Known digits go through the whole path for nobody: counted by themselves, sent again when misread, silent where there is no answer."""

import asyncio
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.contract import CacheState
from gateway.errors import ModelUnavailable
from gateway.prediction import Predictor
from gateway.turn import Turn
from tests.gateway.conftest import Gateway
from tests.gateway.test_metrics import Samples, features, samples, total, value
from tests.gateway.torchserve_double import TorchServeDouble, logits_for, until

pytestmark = pytest.mark.anyio


async def counted(client: httpx.AsyncClient, count: float) -> Samples:
    """The metrics once so many known digits were sent."""
    async with asyncio.timeout(20):
        while total(seen := samples((await client.get("/metrics")).text), "digits_canary_total") < count:
            await asyncio.sleep(0.01)
    return seen


def misread(of: Samples) -> dict[str, float]:
    """By label, how often a known digit was read as another."""
    cells = ((dict(labels), number) for (name, labels), number in of.items() if name == "digits_canary_total" and number)
    return {labels["label"]: number for labels, number in cells if labels["label"] != labels["predicted"]}


async def test_each_known_digit_is_sent_in_turn_and_in_no_other_series(gateway: Gateway) -> None:
    async with gateway(canary_seconds=0.01) as client:
        seen = await counted(client, 20)
    assert all(value(seen, "digits_canary_total", label=str(digit), predicted=str(digit)) >= 2 for digit in range(9))
    assert total(seen, "digits_predictions_total") == total(seen, "gateway_cache_lookups_total") == 0
    assert total(seen, "gateway_model_requests_total") == total(seen, "gateway_batch_size_count") == 0
    assert not any(number for state in CacheState for _, number in features(seen, state))


async def test_a_digit_that_is_misread_is_sent_again_until_it_is_not(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(canary_seconds=0.01) as client:
        await counted(client, 3)

        def off_by_one(pixels: NDArray[np.uint8]) -> httpx.Response:
            return httpx.Response(200, content=np.roll(logits_for(pixels), 1, axis=1).astype("<f4").tobytes())

        torchserve.answer = off_by_one
        before = samples((await client.get("/metrics")).text)
        await counted(client, total(before, "digits_canary_total") + 6)
        torchserve.answer = None
        seen = samples((await client.get("/metrics")).text)
        await counted(client, total(seen, "digits_canary_total") + 20)
    wrong = misread(seen)
    assert len(wrong) == 1
    assert max(wrong.values()) >= 5


async def test_no_answer_is_no_misreading(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway(canary_seconds=0.01) as client:
        await counted(client, 3)
        torchserve.unreachable = True
        async with asyncio.timeout(20):
            while "torchserve" not in str((await client.get("/readyz")).json()["checks"]["torchserve"]["reason"]).lower():
                await asyncio.sleep(0.01)
        torchserve.unreachable = False
        before = samples((await client.get("/metrics")).text)
        after = await counted(client, total(before, "digits_canary_total") + 12)
    assert misread(after) == {}


async def test_it_can_be_switched_off(gateway: Gateway) -> None:
    async with gateway(canary_seconds=0) as client:
        await asyncio.sleep(0.05)
        assert total(samples((await client.get("/metrics")).text), "digits_canary_total") == 0


async def test_of_several_processes_one_sends_and_another_takes_over(
    gateway: Gateway, torchserve: TorchServeDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    async def probe(predictor: Predictor, upload: bytes) -> tuple[int, str]:
        sent.append(id(predictor))
        raise ModelUnavailable("not now", retry_after_seconds=1)

    monkeypatch.setattr(Predictor, "probe", probe)
    other = Turn(tmp_path / "canary")
    assert other.take()
    async with gateway(canary_seconds=0.01, siblings=tmp_path), gateway(canary_seconds=0.01, siblings=tmp_path):
        await asyncio.sleep(0.1)
        assert sent == []
        other.give_up()
        await until(lambda: len(sent) >= 10)
    assert len(set(sent)) == 1

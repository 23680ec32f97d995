"""The network in this process is believed as little as TorchServe is, counted as it is, and asked known digits by whoever asks about it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.device.model import DeviceModel, DeviceVersion, KnownCheck
from gateway.device.network import OnnxNetwork
from gateway.errors import ModelMisbehaved
from gateway.metrics import Metrics
from tests.gateway.torchserve_double import VERSION, known_digits, logits_for

pytestmark = pytest.mark.anyio

FACTS: dict[str, Any] = {"model": "digits", "version": VERSION, "digest": "d" * 64, "arithmetic": "float32", "accept_threshold": 0.5}
SERVED = DeviceVersion(Path("digits-float32.onnx"), FACTS)
KNOWN = known_digits()


class Answering:
    """A network that answers what it is told, or the truth."""

    def __init__(self, answer: NDArray[np.float32] | None = None) -> None:
        self.answer = answer

    async def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return logits_for(pixels) if self.answer is None else self.answer

    def close(self) -> None:
        pass


async def counted(metrics: Metrics, outcome: str) -> bool:
    return f'gateway_model_requests_total{{outcome="{outcome}"}} 1.0' in (await metrics.text()).decode()


async def test_each_picture_has_its_prediction_and_the_request_is_counted() -> None:
    metrics = Metrics()
    predictions = await DeviceModel(Answering(), metrics).logits(SERVED.current, list(KNOWN.pixels))
    assert [prediction.digit for prediction in predictions] == KNOWN.labels.tolist()
    assert await counted(metrics, "ok")


@pytest.mark.parametrize(
    "answer",
    [np.zeros((2, 10), np.float32), np.zeros((1, 9), np.float32), np.zeros(10, np.float32), np.full((1, 10), np.nan, np.float32)],
    ids=["too many", "too few", "flat", "no numbers"],
)
async def test_what_can_be_no_answer_is_none(answer: NDArray[np.float32]) -> None:
    metrics = Metrics()
    with pytest.raises(ModelMisbehaved):
        await DeviceModel(Answering(answer), metrics).logits(SERVED.current, [KNOWN.pixels[0]])
    assert await counted(metrics, "misbehaved")


async def test_a_network_that_cannot_compute_is_counted_as_misbehaving_and_makes_nobody_ready() -> None:
    class Session:
        def run(self, outputs: Sequence[str], inputs: dict[str, NDArray[np.uint8]]) -> Sequence[Any]:
            raise RuntimeError("Non-zero status code")

    metrics = Metrics()
    model = DeviceModel(OnnxNetwork(Session()), metrics)
    with pytest.raises(ModelMisbehaved):
        await model.logits(SERVED.current, [KNOWN.pixels[0]])
    assert await counted(metrics, "misbehaved")
    assert not await counted(metrics, "ok")
    check = await KnownCheck(model, SERVED, KNOWN).look()
    assert (check.ok, check.reason) == (False, "ONNX Runtime cannot compute this network: Non-zero status code")


async def test_known_digits_are_asked_in_turn_and_in_no_series() -> None:
    metrics, network = Metrics(), Answering(logits_for(KNOWN.pixels[:1]))
    check = KnownCheck(DeviceModel(network, metrics), SERVED, KNOWN)
    assert not check.last.ok
    assert (await check.look()).ok
    second = await check.look()
    assert (second.ok, second.reason) == (False, "a known 1 was read as 0")
    assert check.last == second
    network.answer = np.full((1, 10), np.inf, np.float32)
    assert "not finite" in str((await check.look()).reason)
    network.answer = None
    assert (await check.look()).ok
    assert not await counted(metrics, "ok")


async def test_all_known_digits_are_asked_before_anything_is_served() -> None:
    network = Answering()
    check = KnownCheck(DeviceModel(network, Metrics()), SERVED, KNOWN)
    assert await check.misread() == 0
    network.answer = logits_for(KNOWN.pixels[:1])
    assert await check.misread() == len(KNOWN.labels) - 1

"""A network computes few pictures at once and many in parts, in a thread; what is no network is one line."""

import sys
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.device.network import AT_ONCE, INPUT, OUTPUT, TOGETHER, OnnxNetwork, open_session
from gateway.errors import ModelMisbehaved
from gateway.refusal import SettingsError

pytestmark = pytest.mark.anyio


class SessionDouble:
    """Answers the sum of each picture's ink, ten times."""

    def __init__(self) -> None:
        self.computed: list[int] = []
        self.threads: set[str] = set()

    def run(self, outputs: Sequence[str], inputs: dict[str, NDArray[np.uint8]]) -> Sequence[Any]:
        assert (list(outputs), list(inputs)) == ([OUTPUT], [INPUT])
        pixels = inputs[INPUT]
        self.computed.append(len(pixels))
        self.threads.add(threading.current_thread().name)
        return [np.repeat(pixels.sum(axis=(1, 2), dtype=np.float32)[:, None], 10, axis=1)]


class BrokenSession:
    """Refuses as ONNX Runtime does, with a kind of its own and several lines, or answers nothing."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def run(self, outputs: Sequence[str], inputs: dict[str, NDArray[np.uint8]]) -> Sequence[Any]:
        if self.error is not None:
            raise self.error
        return []


class RuntimeException(Exception):
    """ONNX Runtime's, by name."""


def pictures(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)


@pytest.mark.parametrize("count", [1, AT_ONCE, AT_ONCE + 1, TOGETHER, TOGETHER + 1, 64])
async def test_every_picture_has_its_logits_and_few_are_computed_together(count: int) -> None:
    session = SessionDouble()
    network = OnnxNetwork(session)
    asked = pictures(count)
    logits = await network.logits(asked)
    network.close()
    np.testing.assert_array_equal(logits[:, 0], asked.sum(axis=(1, 2), dtype=np.float32))
    assert logits.shape == (count, 10)
    assert sum(session.computed) == count
    assert max(session.computed) <= TOGETHER


async def test_many_leave_the_event_loop() -> None:
    session = SessionDouble()
    network = OnnxNetwork(session)
    await network.logits(pictures(AT_ONCE))
    assert session.threads == {threading.current_thread().name}
    session.threads.clear()
    await network.logits(pictures(AT_ONCE + 1))
    network.close()
    assert threading.current_thread().name not in session.threads


@pytest.mark.parametrize("count", [1, AT_ONCE + 1])
@pytest.mark.parametrize("error", [RuntimeException("[ONNXRuntimeError] : 6\n  Non-zero status"), MemoryError(), None])
async def test_whatever_the_session_raises_is_a_misbehaving_model_in_one_line(count: int, error: Exception | None) -> None:
    network = OnnxNetwork(BrokenSession(error))
    with pytest.raises(ModelMisbehaved, match=r"^ONNX Runtime cannot compute this network: .") as refused:
        await network.logits(pictures(count))
    network.close()
    assert len(refused.value.detail.splitlines()) == 1


def test_without_the_runtime_the_line_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SettingsError, match="pip install onnxruntime") as refused:
        open_session(b"")
    assert len(str(refused.value).splitlines()) == 1

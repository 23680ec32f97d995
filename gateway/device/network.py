"""A network in this process, by ONNX Runtime: small work at once, more in a thread, and never more memory than a few pictures take."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ModelMisbehaved
from gateway.refusal import SettingsError

INPUT, OUTPUT = "pixels", "logits"
"""As `model.edge.onnx_runtime` names them."""

TOGETHER = 8
"""Pictures that are computed at a time: more are hardly faster on one thread, and the memory that the most ever took is kept."""

AT_ONCE = 4
"""Pictures up to which the event loop waits: about a millisecond."""

INSTALL = "pip install onnxruntime"


class Network(Protocol):
    """Canonical pixels uint8[n, 28, 28] to calibrated logits float32[n, 10]. Raises ModelMisbehaved where it cannot."""

    async def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def close(self) -> None: ...


class Session(Protocol):
    """ONNX Runtime's, as far as it is used."""

    def run(self, outputs: Sequence[str], inputs: dict[str, NDArray[np.uint8]]) -> Sequence[Any]: ...


class OnnxNetwork:
    """Network over a session that computes on the thread that asks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="network")

    async def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if len(pixels) <= AT_ONCE:
            return self._computed(pixels)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._computed, pixels)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _computed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            parts = [self._session.run([OUTPUT], {INPUT: pixels[at : at + TOGETHER]})[0] for at in range(0, len(pixels), TOGETHER)]
            return parts[0] if len(parts) == 1 else np.concatenate(parts)
        except Exception as error:  # of the runtime's own kinds, as in `open_session`
            raise ModelMisbehaved(f"ONNX Runtime cannot compute this network: {_in_one_line(error)}") from error


def open_session(content: bytes) -> Session:
    """ONNX Runtime's session over the content of a file, on one thread. Raises SettingsError where it is not installed or refuses it."""
    try:
        import onnxruntime
    except ImportError:
        raise SettingsError(f"ONNX Runtime is not installed; {INSTALL}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session: Session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of fifteen kinds without a common one
        raise SettingsError(f"ONNX Runtime does not take this network: {_in_one_line(error)}") from error
    return session


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__

"""The edge server in this process, over a network that does what TorchServe's double does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from gateway.device.application import DeviceApplication
from gateway.device.settings import DeviceSettings
from gateway.settings import Settings
from tests.gateway.torchserve_double import VERSION, TorchServeDouble, known_digits, logits_for

FILE = Path("digits-float32.onnx")


class NetworkDouble:
    """What a test may change is TorchServe's double's."""

    def __init__(self, torchserve: TorchServeDouble) -> None:
        self._torchserve = torchserve

    async def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        torchserve = self._torchserve
        if torchserve.before_answer is not None:
            await torchserve.before_answer()
        torchserve.batches.append(len(pixels))
        torchserve.pictures.extend(picture.tobytes() for picture in pixels)
        if torchserve.answer is not None:
            return np.frombuffer(torchserve.answer(pixels).content, "<f4")
        return logits_for(pixels)

    def close(self) -> None:
        pass


def device_application(state_dir: Path, torchserve: TorchServeDouble, **settings: Any) -> DeviceApplication:
    facts = {
        "model": "digits",
        "version": VERSION,
        "digest": "d" * 64,
        "arithmetic": "float32",
        "accept_threshold": torchserve.accept_threshold,
        "reference": torchserve.reference,
        **({} if torchserve.limits is None else {"limits": torchserve.limits}),
    }
    told = DeviceSettings.of(Settings(**{"state_dir": state_dir, **settings}), FILE)
    return DeviceApplication(told, NetworkDouble(torchserve), facts, known_digits())


@asynccontextmanager
async def on_device(folder: Path, torchserve: TorchServeDouble, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = device_application(folder / "state", torchserve, **settings)
    async with app.running(), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://edge.test") as client:
        yield client

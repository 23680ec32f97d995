"""The rivals in FastAPI and the ceilings answer what the benchmark looks for."""

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from loadtests.bench.rivals import bare_asgi, bare_route, in_process
from loadtests.bench.servers import SAMPLE
from loadtests.bench.wire import DIGIT


class Sevens:
    """A network that was given one picture, of 28 x 28, and sees a seven."""

    def read(self, pictures: NDArray[np.uint8]) -> list[dict[str, Any]]:
        assert pictures.shape == (1, 28, 28)
        return [{"digit": 7, "probabilities": [0.0] * 10}]


@pytest.mark.parametrize(
    "application",
    [bare_asgi.application, bare_route.application(), in_process.application(Sevens())],  # type: ignore[arg-type]
    ids=["bare ASGI", "bare route", "in process"],
)
def test_it_answers(application: Any) -> None:
    answer = asyncio.run(asked(application))
    assert answer.status_code == 200
    assert DIGIT[7].search(answer.content)


async def asked(application: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://rival") as client:
        return await client.post("/predict", content=SAMPLE.png)

"""Batches as tests send them."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.gateway.conftest import picture
from tests.gateway.torchserve_double import until

PATH = "/v1/predict/batch"

VOLATILE = ("prediction_id", "cache", "record", "request_id")
NO_IMAGE = b"seven"


def told(result: dict[str, Any]) -> dict[str, Any]:
    """Without what differs each time."""
    return {name: value for name, value in result.items() if name not in VOLATILE}


def json_of(*pictures: bytes) -> dict[str, Any]:
    return {"json": {"images": [base64.b64encode(each).decode() for each in pictures]}}


def form_of(*pictures: bytes) -> dict[str, Any]:
    return {"files": [("image", (f"{place}.bin", each)) for place, each in enumerate(pictures)]}


async def ask(client: httpx.AsyncClient, *pictures: bytes, **headers: str) -> list[dict[str, Any]]:
    answer = await client.post(PATH, **json_of(*pictures), headers=headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert len(results) == len(pictures)
    return results


def new_picture(digit: int) -> NDArray[np.uint8]:
    """One that the double reads as `digit` and that nobody asked before."""
    pixels = picture(digit).copy()
    pixels[13, 13] ^= 1
    return pixels


async def looked_up(client: httpx.AsyncClient, pictures: int) -> None:
    """Until so many pictures were not found in the process and are on their way."""

    async def counted() -> bool:
        return f'gateway_cache_lookups_total{{outcome="miss",tier="local"}} {pictures}.0' in (await client.get("/metrics")).text

    await until(counted, seconds=20)


both_forms = pytest.mark.parametrize("form", [json_of, form_of], ids=["json", "multipart"])

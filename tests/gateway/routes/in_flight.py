"""Requests that are being answered, as tests wait for them."""

import asyncio

import httpx

from tests.gateway.torchserve_double import until


async def all_in_flight(client: httpx.AsyncClient, count: int) -> None:
    """Until so many requests are being answered, and have gone as far as they can."""

    async def came() -> bool:
        return f"gateway_inflight_requests {count + 1}.0" in (await client.get("/metrics")).text

    await until(came, seconds=20)
    for _ in range(1_000):
        await asyncio.sleep(0)

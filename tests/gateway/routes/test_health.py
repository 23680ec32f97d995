import asyncio
from itertools import pairwise

import pytest
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from gateway.redis_cache import PURGE_KEY
from tests.gateway.conftest import Gateway, both_servers, digit_png
from tests.gateway.redis_servers import Server
from tests.gateway.torchserve_double import VERSION, TorchServeDouble

pytestmark = pytest.mark.anyio


async def test_a_process_is_alive_whatever_its_dependencies(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    torchserve.unreachable = True
    async with gateway(wait=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/readyz?for=traffic")).status_code == 200


async def test_readiness_gives_a_reason_for_every_check(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    async with gateway() as client:
        async with asyncio.timeout(20):
            while not (ready := (await client.get("/readyz")).json())["checks"]["records"]["ok"]:
                await asyncio.sleep(0.01)
    assert ready["ready"] is True
    assert set(ready["checks"]) == {"torchserve", "model", "redis", "records"}
    assert all(check["ok"] for check in ready["checks"].values())


async def test_a_node_of_redis_that_is_away_is_named_and_no_reason_not_to_be_ready(gateway: Gateway, valkey_cluster: list[Server]) -> None:
    async with gateway(redis_url=f"redis+cluster://{valkey_cluster[0].address}") as client:

        async def check() -> dict[str, object]:
            answer = await client.get("/readyz")
            assert answer.status_code == 200
            told: dict[str, object] = answer.json()["checks"]["redis"]
            return told

        async with asyncio.timeout(20):
            while not (await check())["ok"]:
                await asyncio.sleep(0.01)
        away = valkey_cluster[key_slot(PURGE_KEY.encode()) * 2 // REDIS_CLUSTER_HASH_SLOTS]
        away.ask("CLIENT", "PAUSE", 1_500)
        async with asyncio.timeout(20):
            while (told := await check())["ok"]:
                await asyncio.sleep(0.01)
        assert away.address in str(told["reason"])
        assert 'gateway_cache_up{tier="redis"} 0.0' in (await client.get("/metrics")).text
        async with asyncio.timeout(20):
            while not (await check())["ok"]:
                await asyncio.sleep(0.01)
        assert 'gateway_cache_up{tier="redis"} 1.0' in (await client.get("/metrics")).text


@both_servers
async def test_readiness_for_something_else_is_refused(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.get("/readyz?for=fun")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@both_servers
async def test_every_series_of_the_design_is_there_before_anything_happens(gateway: Gateway) -> None:
    async with gateway() as client:
        text = (await client.get("/metrics")).text
    for state in ("hit", "miss", "coalesced", "bypass"):
        assert f'gateway_request_duration_seconds_count{{cache="{state}",route="/v1/predict"}} 0.0' in text
    for digit in range(10):
        assert f'digits_predictions_total{{accepted="false",digit="{digit}",model_version="{VERSION}"}} 0.0' in text
    assert 'gateway_cache_lookups_total{outcome="hit",tier="redis"} 0.0' in text
    assert f'gateway_info{{model_version="{VERSION}"}} 1.0' in text
    assert "gateway_ready 1.0" in text
    assert "gateway_model_workers_ready 1.0" in text
    assert "gateway_inflight_requests 1.0" in text


@both_servers
async def test_hits_are_counted_as_much_as_misses(gateway: Gateway) -> None:
    async with gateway() as client:
        for _ in range(3):
            await client.post("/v1/predict", content=digit_png(7))
        await client.post("/v1/nothing")
        text = (await client.get("/metrics")).text
    assert f'digits_predictions_total{{accepted="true",digit="7",model_version="{VERSION}"}} 3.0' in text
    assert 'gateway_requests_total{method="POST",route="/v1/predict",status="200"} 3.0' in text
    assert 'gateway_requests_total{method="POST",route="unmatched",status="404"} 1.0' in text
    assert 'gateway_request_duration_seconds_count{cache="hit",route="/v1/predict"} 2.0' in text
    assert 'gateway_cache_lookups_total{outcome="hit",tier="local"} 2.0' in text


async def test_latency_buckets_can_tell_twice_from_one_and_a_half() -> None:
    from gateway.series import LATENCY_BUCKETS

    assert LATENCY_BUCKETS[0] == 0.00005
    assert LATENCY_BUCKETS[-1] == 2.0
    assert all(upper / lower < 1.26 for lower, upper in pairwise(LATENCY_BUCKETS))

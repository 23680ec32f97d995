import pytest

from tests.gateway.conftest import Gateway, both_servers
from tests.gateway.torchserve_double import VERSION, TorchServeDouble

pytestmark = pytest.mark.anyio


@both_servers
async def test_the_served_model_says_what_it_is(gateway: Gateway) -> None:
    async with gateway() as client:
        answer = await client.get("/v1/model")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["name"], body["version"], body["arithmetic"]) == ("digits", VERSION, "float32")
    assert body["facts"]["accept_threshold"] == 0.5


async def test_without_a_model_it_is_a_503_that_says_why(gateway: Gateway, torchserve: TorchServeDouble) -> None:
    torchserve.unreachable = True
    async with gateway(wait=False) as client:
        answer = await client.get("/v1/model")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers

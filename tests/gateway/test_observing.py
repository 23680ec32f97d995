import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import Receive, Scope, Send

from gateway.metrics import Metrics
from gateway.observing import Observed, Requests
from gateway.versions import ModelWatch
from tests.gateway.conftest import Gateway
from tests.gateway.test_traceparent import SAID, TRACE_ID

pytestmark = pytest.mark.anyio


async def test_a_harmless_request_id_is_kept_and_another_replaced(gateway: Gateway) -> None:
    async with gateway() as client:
        kept = await client.get("/healthz", headers={"X-Request-Id": "my-id.1"})
        replaced = await client.get("/healthz", headers={"X-Request-Id": 'evil"id with spaces'})
    assert kept.headers["x-request-id"] == "my-id.1"
    assert replaced.headers["x-request-id"].isalnum()


async def test_a_fault_of_ours_is_a_problem_without_a_traceback_and_is_logged_with_its_ids(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret details")

    metrics = Metrics()
    async with AsyncClient(transport=ASGITransport(Observed(broken, Requests(metrics))), base_url="http://gateway.test") as client:
        answer = await client.get("/", headers={"X-Request-Id": "mine", "traceparent": SAID.decode()})
        await client.get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert metrics.registry.get_sample_value("gateway_inflight_requests") == 0
    first, second = caplog.records
    assert (first.__dict__["request_id"], first.__dict__["trace_id"]) == ("mine", TRACE_ID)
    assert second.__dict__["request_id"] in second.getMessage()
    assert second.__dict__["trace_id"] is None


async def test_a_fault_behind_the_framework_is_one_problem_and_one_count(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ModelWatch) -> None:
        raise RuntimeError("secret details")

    async with gateway() as client:
        monkeypatch.setattr(ModelWatch, "current", property(broken))
        answer = await client.get("/v1/model")
        counted = (await client.get("/metrics")).text
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert 'gateway_requests_total{method="GET",route="/v1/model",status="500"} 1.0' in counted


async def test_what_the_framework_refuses_is_a_problem_too(gateway: Gateway) -> None:
    async with gateway() as client:
        missing, wrong_method = await client.get("/nothing"), await client.get("/v1/predict")
    assert (missing.status_code, wrong_method.status_code) == (404, 405)
    assert missing.headers["content-type"] == wrong_method.headers["content-type"] == "application/problem+json"
    assert wrong_method.headers["allow"] == "POST"


async def test_an_unknown_method_makes_no_new_series(gateway: Gateway) -> None:
    async with gateway() as client:
        await client.request("BREW", "/v1/predict")
        text = (await client.get("/metrics")).text
    assert 'method="other"' in text
    assert "BREW" not in text

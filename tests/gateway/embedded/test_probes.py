"""Answers of the gateway and of TorchServe, well-formed and not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.embedded import probes
from gateway.embedded.probes import Readiness

NONSENSE = [
    httpx.Response(200, text="<html>"),
    httpx.Response(404, json={"code": 404, "type": "ModelNotFoundException", "message": "Model not found: digits"}),
    httpx.Response(200, json="well"),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
]


def ask(question: Callable[..., Awaitable[Any]], answer: httpx.Response | Exception, *about: str) -> Any:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content)

    async def asked() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
            return await question(http, "http://127.0.0.1:1", *about)

    return asyncio.run(asked())


def test_readiness_says_what_is_unwell_and_why() -> None:
    checks = {"torchserve": {"ok": True, "reason": None}, "model": {"ok": False, "reason": "a 7 came back as 1"}, "redis": {"ok": False}}
    said = ask(probes.readiness, httpx.Response(503, json={"ready": False, "checks": checks}))
    assert said == Readiness(False, {"model": "a 7 came back as 1", "redis": "no reason given"})
    assert said.model_complaint() == "a 7 came back as 1"


def test_redis_alone_is_no_complaint_about_the_model() -> None:
    said = ask(probes.readiness, httpx.Response(200, json={"ready": True, "checks": {"redis": {"ok": False, "reason": "refused"}}}))
    assert said.ready
    assert said.model_complaint() is None


def test_a_further_model_has_complaints_of_its_own() -> None:
    checks = {"model": {"ok": True, "reason": None}, "arabic.model": {"ok": False, "reason": "a 7 came back as 1"}}
    said = ask(probes.readiness, httpx.Response(200, json={"ready": True, "checks": checks}))
    assert (said.ready, said.model_complaint(), said.model_complaint("arabic")) == (True, None, "a 7 came back as 1")


def test_only_ready_workers_count() -> None:
    described = [{"workers": [{"status": "READY"}, {"status": "UNLOADING"}, {"status": "READY"}]}]
    assert ask(probes.ready_workers, httpx.Response(200, json=described), "digits") == 2
    assert ask(probes.ready_workers, httpx.Response(200, json=[{"workers": []}]), "digits") == 0


def test_the_version_that_is_loaded_is_what_management_says() -> None:
    assert (
        ask(probes.loaded_version, httpx.Response(200, json=[{"modelVersion": "ab12cd34ef56", "workers": []}]), "digits") == "ab12cd34ef56"
    )
    untold: list[httpx.Response | Exception] = [httpx.Response(200, json=[]), httpx.Response(200, json=[{"modelVersion": 1}])]
    for answer in untold:
        assert ask(probes.loaded_version, answer, "digits") is None


def test_the_version_is_what_the_gateway_says() -> None:
    assert ask(probes.model_version, httpx.Response(200, json={"version": "ab12cd34ef56"})) == "ab12cd34ef56"


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_and_silence_are_no_answer(answer: httpx.Response | Exception) -> None:
    assert ask(probes.ready_workers, answer, "digits") is None
    assert ask(probes.model_version, answer) is None
    said = ask(probes.readiness, answer)
    assert said is None or not said.ready


def test_no_proxy_stands_between_us_and_our_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")

    async def mounts() -> bool:
        async with probes.client() as http:
            return http.trust_env

    assert asyncio.run(mounts()) is False

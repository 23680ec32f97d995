"""What the running stack says of itself, asked over HTTP by someone who gets no answer rather than an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.embedded.torchserve import MODEL

ANSWER_SECONDS = 2.0
MODEL_CHECKS = ("torchserve", "model")


@dataclass(frozen=True)
class Readiness:
    """`ready`, and for each check that is not well, why."""

    ready: bool
    complaints: Mapping[str, str]

    def model_complaint(self, model: str = MODEL) -> str | None:
        """Why a model cannot be asked; None where it can."""
        checks = [name if model == MODEL else f"{model}.{name}" for name in MODEL_CHECKS]
        return next((self.complaints[name] for name in checks if name in self.complaints), None)


def client() -> httpx.AsyncClient:
    """No proxy may come between us and our own children, and plain HTTP needs no certificates (reading them takes 50 ms)."""
    return httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, verify=False)


async def readiness(http: httpx.AsyncClient, gateway_url: str) -> Readiness | None:
    """The gateway's /readyz; None where it does not answer."""
    said = await _json(http, f"{gateway_url}/readyz")
    if not isinstance(said, dict):
        return None
    checks = said.get("checks")
    failing = {
        str(name): str(check.get("reason") or "no reason given")
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and not check.get("ok")
    }
    return Readiness(said.get("ready") is True, failing)


async def ready_workers(http: httpx.AsyncClient, management_url: str, model: str) -> int | None:
    """How many workers of the model are READY; None where management does not say. /ping is not asked: it says Healthy without any."""
    said = await _json(http, f"{management_url}/models/{model}")
    if not isinstance(said, list):
        return None
    workers = [worker for described in said if isinstance(described, dict) for worker in described.get("workers") or ()]
    return [isinstance(worker, dict) and worker.get("status") == "READY" for worker in workers].count(True)


async def loaded_version(http: httpx.AsyncClient, management_url: str, model: str) -> str | None:
    """The version of the model that this TorchServe has; None where management does not say."""
    said = await _json(http, f"{management_url}/models/{model}")
    version = said[0].get("modelVersion") if isinstance(said, list) and said and isinstance(said[0], dict) else None
    return version if isinstance(version, str) else None


async def model_version(http: httpx.AsyncClient, gateway_url: str, model: str = MODEL) -> str | None:
    """The version of a model that the gateway serves; None where it does not say."""
    said = await _json(http, f"{gateway_url}/v1/model" + ("" if model == MODEL else f"?model={model}"))
    version = said.get("version") if isinstance(said, dict) else None
    return version if isinstance(version, str) else None


async def _json(http: httpx.AsyncClient, url: str) -> Any:
    try:
        return (await http.get(url)).json()
    except (httpx.HTTPError, ValueError):
        return None

"""A gateway with traffic of every kind, watched by a real Prometheus with the committed rules, every two seconds."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

import httpx
import numpy as np
import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import create_app
from gateway.baseline import LatencyBaseline
from gateway.embedded.redis_server import redis_program
from gateway.measuring import new_pictures
from gateway.settings import Settings
from tests.gateway.conftest import png
from tests.gateway.torchserve_double import INFERENCE_URL, MANAGEMENT_URL, VERSION, TorchServeDouble, known_digits
from tests.monitoring.promtool import installed
from tests.monitoring.rules import FILES, MONITORING
from tests.ports import free_port

TORCHSERVE_SAID = Path(__file__).with_name("torchserve_metrics.txt")
"""What TorchServe 0.12 said after some requests, with the configuration of `handler/`."""

STARTS_WITHIN_SECONDS = 30
PACE_SECONDS = 1
"""Often enough that every counter grows between two scrapes, and cheap on a machine that has other work."""


@dataclass(frozen=True)
class Prometheus:
    """One that runs, and how to ask it."""

    client: httpx.AsyncClient

    async def ready(self) -> bool:
        """Whether it can be asked."""
        with suppress(httpx.TransportError):
            return (await self.client.get("/-/ready")).status_code == 200
        return False

    async def finite(self, expr: str) -> bool:
        """Whether an expression has, now, at least one series with a value that can be shown."""
        answer = (await self.client.post("/api/v1/query", data={"query": expr})).json()
        assert answer["status"] == "success", f"{expr}: {answer}"
        return any(isfinite(float(sample["value"][1])) for sample in answer["data"]["result"])

    async def label_values(self, label: str, metric: str) -> list[str]:
        answer = (await self.client.get(f"/api/v1/label/{label}/values", params={"match[]": metric})).json()
        return list(answer["data"])


@asynccontextmanager
async def watched_traffic(folder: Path) -> AsyncIterator[Prometheus]:
    """Everything runs, and traffic goes on, as long as the context."""
    program = installed("prometheus")
    async with AsyncExitStack() as running:
        redis_url = running.enter_context(_redis(folder))
        gateway = await running.enter_async_context(_served(_gateway(folder / "state", redis_url)))
        torchserve = await running.enter_async_context(_served(_TorchServeMetrics(), lifespan="off"))
        url = running.enter_context(_prometheus(program, folder / "prometheus", gateway, torchserve))
        prometheus = Prometheus(await running.enter_async_context(httpx.AsyncClient(base_url=url, timeout=10)))
        await _until_scraped(prometheus)
        traffic = asyncio.create_task(_traffic(f"http://{gateway}"))
        try:
            yield prometheus
        finally:
            traffic.cancel()
            await asyncio.wait([traffic])
        if not traffic.cancelled():
            traffic.result()  # why it ended before it was told to


def _gateway(state: Path, redis_url: str) -> ASGIApp:
    quantiles = {"0.5": 0.001, "0.95": 0.002, "0.99": 0.003}
    LatencyBaseline(VERSION, 100, "2026-01-01T00:00:00Z", {"miss": 100, "hit": 100}, {"miss": quantiles, "hit": quantiles}).write(state)
    settings = Settings(
        torchserve_url=INFERENCE_URL,
        torchserve_management_url=MANAGEMENT_URL,
        redis_url=redis_url,
        state_dir=state,
        canary_seconds=PACE_SECONDS,
    )
    return create_app(settings, transport=TorchServeDouble().transport(), known=known_digits())


class _TorchServeMetrics:
    """The saved text; its counters grow with each scrape, as they do while requests come."""

    def __init__(self) -> None:
        self._scrapes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scrapes += 1
        text = "".join(f"{self._grown(line)}\n" for line in TORCHSERVE_SAID.read_text().splitlines())
        headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    def _grown(self, line: str) -> str:
        if not line.startswith(("ts_", "Requests")):
            return line
        series, _, value = line.rpartition(" ")
        return f"{series} {float(value) + 10 * self._scrapes}"


@asynccontextmanager
async def _served(app: ASGIApp, lifespan: Literal["on", "off"] = "on") -> AsyncIterator[str]:
    """The address of an application on a port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan=lifespan))
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    with _child([str(redis_program()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _prometheus(program: str, folder: Path, gateway: str, torchserve: str) -> Iterator[str]:
    """Its URL. The committed configuration, with every interval two seconds and these addresses."""
    (folder / "targets").mkdir(parents=True)
    (folder / "rules").mkdir()
    for path in ("prometheus.yml", *(str(each.relative_to(MONITORING)) for each in FILES)):
        text = (MONITORING / path).read_text()
        (folder / path).write_text(re.sub(r"(\w*interval): \w+", r"\1: 2s", text))
    for name, addresses in (("gateway", [gateway]), ("torchserve", [torchserve]), ("alertmanager", [])):
        (folder / "targets" / f"{name}.json").write_bytes(orjson.dumps([{"targets": addresses}]))
    listen = f"127.0.0.1:{free_port()}"
    command = [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with _child([*command, f"--web.listen-address={listen}", "--log.level=error"]):
        yield f"http://{listen}"


@contextmanager
def _child(command: list[str]) -> Iterator[None]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait(10)


async def _until_scraped(prometheus: Prometheus) -> None:
    """Until every target was scraped, and the gateway when it knew its model: what counters grow from then on is seen."""
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while not await prometheus.ready():
            await asyncio.sleep(0.1)
        while not await prometheus.finite("count(up == 1) == 2 and on () gateway_ready == 1 and on () digits_feedback_total"):
            await asyncio.sleep(0.1)


async def _traffic(url: str) -> None:
    """New pictures and their repeats, the bypass, what is not accepted, what is refused, labels right and wrong, corrections."""
    blank = png(np.zeros((28, 28), np.uint8))
    async with httpx.AsyncClient(base_url=url, timeout=10) as client:
        for picture in new_pictures(known_digits()):
            await client.post("/v1/predict", content=picture, headers={"Cache-Control": "no-store"})
            await client.post("/v1/predict", content=blank)
            await client.post("/v1/predict", content=b"no picture")
            for _ in ("miss", "hit"):
                answer = (await client.post("/v1/predict", content=picture)).json()
                label = (answer["digit"] + 1) % 10
                told = {"prediction_id": answer["prediction_id"], "label": label}
                assert (await client.post("/v1/feedback", json=told)).status_code == 200
            path = f"/v1/predictions/{answer['prediction_id']}/label"
            assert (await client.put(path, json={"label": answer["digit"]})).status_code == 200
            await asyncio.sleep(PACE_SECONDS)

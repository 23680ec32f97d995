"""The server's application: one ASGI function over the gateway's own path of a prediction, with its types, its texts and its errors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.answer_text import told
from gateway.device.memory import keep_tidy
from gateway.device.model import DeviceModel, DeviceVersion, KnownCheck
from gateway.device.network import Network
from gateway.device.settings import DeviceSettings
from gateway.errors import HttpProblem, Malformed, NotFound, Problem, problem_response
from gateway.known import KnownDigits
from gateway.lifecycle import Lifecycle
from gateway.local_cache import LocalCache
from gateway.metrics import Metrics
from gateway.observing import Observed, Requests
from gateway.prediction import Predictor
from gateway.prediction_id import PredictionIds
from gateway.prompt import Answering
from gateway.reading import PictureReader
from gateway.recording import Recording
from gateway.routes.batch import PATH as BATCH_PATH
from gateway.routes.batch import Batches
from gateway.routes.plain import Plain
from gateway.routes.predict import PATH as PREDICT_PATH
from gateway.routes.predict import Predicting
from gateway.routes.telling import Telling
from gateway.routes.unkept import unkept
from gateway.signing import Signer, read_or_make_secret
from gateway.upload import Uploads

Route = Callable[[Scope, Receive], Awaitable[Response]]


class DeviceApplication:
    """ASGI over what it uses. A server may ask `plain` before it asks the application.

    Raises SettingsError when a setting cannot be used.
    """

    plain: Answering

    def __init__(self, settings: DeviceSettings, network: Network, facts: Mapping[str, Any], known: KnownDigits) -> None:
        self._network = network
        self._metrics = metrics = Metrics()
        self._served = served = DeviceVersion(settings.network, dict(facts))
        self._lifecycle = Lifecycle()
        model = DeviceModel(network, metrics)
        self.known = KnownCheck(model, served, known)
        self._predictor = predictor = Predictor(
            PictureReader(settings.max_pixels, max_pixels_unreduced=settings.max_pixels_unreduced),
            LocalCache(settings.local_cache_bytes, settings.cache_ttl_seconds),
            None,
            model,
            served,
            metrics,
            queue_pictures=settings.queue_pictures,
            largest_batch=settings.largest_batch,
            batch_delay_seconds=settings.batch_delay_ms / 1000,
            tell=told,
        )
        ids = PredictionIds(Signer(read_or_make_secret(settings.secret_file)))
        telling = Telling(ids, Recording(None, durable=False), metrics)
        uploads, requests = Uploads(settings.max_upload_bytes, metrics), Requests(metrics)
        seconds = settings.deadline_seconds
        self.plain = Plain(predictor, telling, requests, deadline_seconds=seconds, max_upload_bytes=settings.max_upload_bytes)
        self._routes: dict[str, tuple[str, Route]] = {
            PREDICT_PATH: ("POST", _answered_in_front),
            BATCH_PATH: ("POST", Batches(uploads, self._chosen, telling, seconds).answer),
            "/v1/model": ("GET", self._model),
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/metrics": ("GET", self._prometheus),
        }
        self._answering: ASGIApp = Observed(Predicting(self._answer, uploads, self._chosen, telling, seconds), requests)
        metrics.serve_version(served.current.version, served.current.reference)
        metrics.follow(metrics.model_workers_ready, lambda: 1)
        metrics.follow(metrics.model_queue_depth, lambda: predictor.queued)
        metrics.follow(metrics.ready, lambda: self._lifecycle.state == "serving" and self.known.last.ok)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answering(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It serves until the block ends."""
        await self.known.look()
        tidying = asyncio.create_task(keep_tidy())
        self._lifecycle.state = "serving"
        try:
            yield
        finally:
            self._lifecycle.drain()
            tidying.cancel()
            await self._predictor.close()
            self._network.close()

    def _chosen(self, name: str | None) -> Predictor:
        """Raises NotFound."""
        if name is not None and name != self._served.name:
            raise NotFound(f"no model is called {name!r}; there is {self._served.name!r}")
        return self._predictor

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._routed(scope, receive)
        except Problem as problem:
            response = problem_response(problem, scope["state"]["request_id"])
        await response(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive) -> Response:
        if scope["path"] not in self._routes:
            raise HttpProblem(404, "Not Found")
        method, route = self._routes[scope["path"]]
        scope["state"]["route"] = scope["path"]
        if scope["method"] != method:
            response = problem_response(HttpProblem(405, "Method Not Allowed"), scope["state"]["request_id"])
            response.headers["Allow"] = method
            return response
        return await route(scope, receive)

    async def _model(self, scope: Scope, receive: Receive) -> Response:
        """As `gateway.schema.ModelCard`. Raises NotFound."""
        self._chosen(QueryParams(scope["query_string"]).get("model"))
        current = self._served.current
        facts = current.facts
        card = {"name": current.name, "version": current.version, "digest": facts["digest"], "arithmetic": facts["arithmetic"]}
        return Response(orjson.dumps({**card, "rollout": None, "facts": facts}), media_type="application/json")

    async def _healthz(self, scope: Scope, receive: Receive) -> Response:
        return unkept({"alive": True}, 200)

    async def _readyz(self, scope: Scope, receive: Receive) -> Response:
        """A known digit is read for each that asks; it takes less than the asking."""
        state = self._lifecycle.state
        serving = state == "serving"
        match QueryParams(scope["query_string"]).get("for"):
            case None:
                check = await self.known.look()
                ready = serving and check.ok
                return unkept({"ready": ready, "state": state, "checks": {"model": asdict(check)}}, 200 if ready else 503)
            case "traffic":
                return unkept({"ready": serving, "state": state}, 200 if serving else 503)
        raise Malformed("query.for: Input should be 'traffic'")

    async def _prometheus(self, scope: Scope, receive: Receive) -> Response:
        return Response(await self._metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def _answered_in_front(scope: Scope, receive: Receive) -> Response:
    raise AssertionError("Predicting answers this call")

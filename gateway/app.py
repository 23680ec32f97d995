"""The composition root: everything is made here from settings, handed to who uses it, opened on start and closed on stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gateway import __version__
from gateway.alerts import Responder
from gateway.answer_text import told
from gateway.baseline import BaselineWatch
from gateway.bounded import BoundedBodies
from gateway.canary import Canary
from gateway.contract import DEFAULT_MODEL
from gateway.errors import OUR_FAULT, HttpProblem, Malformed, Problem, problem_response
from gateway.explaining import Explainer
from gateway.following import StageWatch
from gateway.known import KnownDigits, read_known_digits
from gateway.lifecycle import Lifecycle
from gateway.local_cache import LocalCache
from gateway.measuring import measure
from gateway.metrics import Metrics
from gateway.model_client import ModelClient
from gateway.models import Models, Served
from gateway.observing import Observed, Requests
from gateway.prediction import Predictor
from gateway.prediction_id import PredictionIds
from gateway.prompt import Answering
from gateway.reading import PictureReader
from gateway.recording import Recording
from gateway.records.database import database_url, open_sink
from gateway.records.reader import Reader
from gateway.records.recorder import Recorder
from gateway.records.stages import StageReader
from gateway.records.store import Retention
from gateway.redis_cache import RedisCache
from gateway.redis_forms import Pipes, redis_pipes
from gateway.routes.alerts import alert_routes
from gateway.routes.audit import audit_routes
from gateway.routes.batch import PATH as BATCH_PATH
from gateway.routes.batch import Batches
from gateway.routes.documented import batch_documentation, predict_documentation
from gateway.routes.explain import PATH as EXPLAIN_PATH
from gateway.routes.explain import explain_routes
from gateway.routes.health import health_routes
from gateway.routes.labels import label_routes
from gateway.routes.model import model_routes
from gateway.routes.plain import Plain
from gateway.routes.predict import Predicting
from gateway.routes.telling import Telling
from gateway.routes.traced import Traced, TracedPlain, TracedTelling
from gateway.settings import Settings, SettingsError
from gateway.signing import Signer, read_or_make_secret
from gateway.tracing import Tracing
from gateway.tuning import Tuning
from gateway.turn import Turn
from gateway.upload import Uploads
from gateway.versions import ModelWatch

if TYPE_CHECKING:
    from gateway.exporting import Exporting

DRAIN_SECONDS = 0.8
"""What is left in memory has so long to be written, and spans to be sent meanwhile, when the process is told to stop; a run on one machine
waits 4 s for all of it."""

FIRST_LOOK_SECONDS = 5.0
"""Longer than a model that is well takes to show itself on a busy machine, and not for ever."""

FIRST_STAGE_SECONDS = 1.0
"""So long a process that starts waits to hear which version a rollout has made current; then it takes what is there until it hears."""

CANDIDATE_PART = 0.4
"""Of the deadline, that an answer of a candidate is waited for: the served version has the rest."""

RESPONSE_RATE, RESPONSE_SECONDS = 10.0, 24.0
"""Requests a second, and for how long, when an alert asks how slow it is now: few, since what is slow needs no more load."""


def create_app(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    known: KnownDigits | None = None,
    siblings: Path | None = None,
) -> "Application":
    """The gateway as an ASGI application. Tests hand in a transport that plays TorchServe, and known digits.

    `siblings` is the folder of the processes that share its port, if there are any. Raises SettingsError when a setting cannot be used.
    """
    metrics = Metrics(siblings)
    signer = Signer(read_or_make_secret(settings.secret_file or settings.state_dir / "secret"))
    known = known or read_known_digits()
    local = LocalCache(settings.local_cache_bytes, settings.cache_ttl_seconds)
    shared = None
    if settings.redis_url is not None:
        shared = RedisCache(_redis(settings.redis_url), signer, metrics, settings.cache_ttl_seconds, on_purge=local.clear)
    pictures = PictureReader(settings.max_pixels)

    def served(name: str, instances: tuple[tuple[str, str], ...], known: KnownDigits | None) -> Served:
        client = ModelClient(metrics, settings.deadline_seconds, transport)
        watch = ModelWatch(client, instances, known, metrics, name)
        predictor = Predictor(
            pictures,
            local,
            shared,
            client,
            watch,
            metrics,
            queue_pictures=settings.queue_pictures,
            largest_batch=settings.largest_batch,
            batch_delay_seconds=settings.batch_delay_ms / 1000,
            model_workers=settings.torchserve_workers,
            candidate_seconds=CANDIDATE_PART * settings.deadline_seconds,
            tell=told,
        )
        return Served(watch, predictor, Explainer(client, metrics), client)

    default = served(DEFAULT_MODEL, settings.torchserve_instances, known)
    models = Models(default, [served(name, instances, None) for name, instances in settings.further_models.items()])
    ids = PredictionIds(signer)
    recorder, reader, stage_reader = _records(settings, metrics)
    following = None if stage_reader is None else StageWatch(stage_reader, {each.name: each.watch for each in models})
    measure_now = partial(measure, settings.front_url, known, rate=RESPONSE_RATE, seconds=RESPONSE_SECONDS)
    responder = None
    if recorder is not None and reader is not None:
        responder = Responder(recorder, reader, measure_now, _turn(siblings, "measuring"), partial(Tuning.read, settings.state_dir))
    recording = Recording(recorder, durable=settings.records == "durable")
    exporting = tracing = None
    if settings.otlp_endpoint is not None:
        exporting = _exporting(settings.otlp_endpoint, metrics)
        tracing = Tracing(settings.trace_ratio, exporting.take)
    lifecycle = Lifecycle()
    if recorder is not None:
        metrics.follow(metrics.records_up.labels(settings.records), lambda: recorder.failure is None)
    if shared is not None:
        metrics.follow(metrics.cache_up.labels("redis"), lambda: shared.failure is None)
    metrics.follow(metrics.ready, lambda: lifecycle.state == "serving" and default.watch.ready)
    metrics.follow(metrics.model_workers_ready, lambda: default.watch.workers_ready)
    metrics.follow(metrics.model_queue_depth, lambda: default.predictor.queued)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if following is not None:
            await asyncio.wait([asyncio.create_task(following.look())], timeout=FIRST_STAGE_SECONDS)
        watchers = [asyncio.create_task(each.watch.run()) for each in models]
        watchers.append(asyncio.create_task(BaselineWatch(settings.state_dir, metrics).run()))
        if shared is not None:
            watchers.append(asyncio.create_task(shared.watch()))
        if settings.canary_seconds:
            for each in models:
                turn = _turn(siblings, "canary" if each is default else f"canary-{each.name}")
                canary = Canary(each.predictor, each.watch, metrics, settings.canary_seconds, turn)
                watchers.append(asyncio.create_task(canary.run()))
        if siblings is not None:
            watchers.append(asyncio.create_task(metrics.keep_settled()))
        if following is not None:
            watchers.append(asyncio.create_task(following.run()))
        if recorder is not None:
            recorder.start()
        if siblings is not None or settings.sockets is not None:
            # Its share of requests comes with the first moment, and is not refused for want of a version.
            await asyncio.wait([asyncio.create_task(each.watch.look()) for each in models], timeout=FIRST_LOOK_SECONDS)
        lifecycle.state = "serving"
        yield
        lifecycle.drain()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        for each in models:
            await each.close()
        last_spans = None if exporting is None else asyncio.create_task(exporting.close(DRAIN_SECONDS))
        if shared is not None:
            await shared.close()
        for each in models:
            await each.client.close()
        if responder is not None:
            await responder.close()
        if following is not None:
            following.close()
        if recorder is not None and reader is not None:
            await recorder.close(DRAIN_SECONDS)
            reader.close()
        if last_spans is not None:
            await last_spans
        metrics.settle()

    uploads, requests = Uploads(settings.max_upload_bytes, metrics), Requests(metrics)
    telling = (Telling if tracing is None else TracedTelling)(ids, recording, metrics)
    plain: Answering = Plain(
        default.predictor, telling, requests, deadline_seconds=settings.deadline_seconds, max_upload_bytes=settings.max_upload_bytes
    )
    if tracing is not None:
        plain = TracedPlain(plain, tracing)

    def in_front(framework: ASGIApp) -> ASGIApp:
        observed = Observed(Predicting(framework, uploads, models.predictor, telling, settings.deadline_seconds), requests)
        return observed if tracing is None else Traced(observed, tracing)

    app = Application(
        in_front=in_front,
        plain=plain,
        lifecycle=lifecycle,
        title="digitserve",
        version=__version__,
        summary="Reads handwritten digits, and says how sure it is.",
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would look for a provider at each request
    )
    app.include_router(predict_documentation())
    app.include_router(batch_documentation(Batches(uploads, models.predictor, telling, settings.deadline_seconds)))
    app.include_router(explain_routes(uploads, models, telling, ids, reader, settings.deadline_seconds))
    app.include_router(label_routes(ids, recorder, settings.deadline_seconds))
    app.include_router(audit_routes(ids, reader, settings.deadline_seconds))
    app.include_router(alert_routes(responder, reader))
    app.include_router(model_routes(models))
    app.include_router(health_routes(lifecycle, models, shared, recorder, metrics))
    _answer_problems(app)
    app.add_middleware(BoundedBodies, deadline_seconds=settings.deadline_seconds, but=frozenset((BATCH_PATH, EXPLAIN_PATH)))
    return app


class Application(FastAPI):
    """What is `in_front` answers before the framework does any of its work, around which it builds a stack of its own.

    A server may ask `plain` before it asks the application, and tells `lifecycle` when it begins to leave.
    """

    def __init__(self, *, in_front: Callable[[ASGIApp], ASGIApp], plain: Answering, lifecycle: Lifecycle, **of_the_framework: Any) -> None:
        super().__init__(**of_the_framework)
        self._in_front = in_front
        self.plain = plain
        self.lifecycle = lifecycle

    def build_middleware_stack(self) -> ASGIApp:
        return self._in_front(super().build_middleware_stack())


def _answer_problems(app: FastAPI) -> None:
    """The one place where errors become answers."""

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        return problem_response(Problem(OUR_FAULT), request.state.request_id)

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return problem_response(error, request.state.request_id)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        response = problem_response(HttpProblem(error.status_code, str(error.detail)), request.state.request_id)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return problem_response(Malformed(faults), request.state.request_id)


def _turn(siblings: Path | None, of: str) -> Turn:
    return Turn(None if siblings is None else siblings / of)


def _redis(url: str) -> Pipes:
    try:
        return redis_pipes(url)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_REDIS_URL: {error}") from error


def _exporting(endpoint: str, metrics: Metrics) -> "Exporting":
    try:
        from gateway.exporting import Exporting

        return Exporting(endpoint, metrics)
    except (ValueError, RuntimeError) as error:  # some variables are read, and refused, by the import
        raise SettingsError(f"a variable of OpenTelemetry's cannot be used: {error}") from error


def _records(settings: Settings, metrics: Metrics) -> tuple[Recorder | None, Reader | None, StageReader | None]:
    if settings.records == "off":
        return None, None, None
    try:
        url = database_url(settings.records_url)
    except ValueError as error:
        raise SettingsError(f"GATEWAY_DATABASE_URL: {error}") from error
    retention = Retention(settings.retention_days, settings.retention_bytes)
    return Recorder(partial(open_sink, url), metrics, retention), Reader(url), StageReader(url)

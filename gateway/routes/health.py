"""Is this process alive, may it get traffic, can it answer: three questions, three answers. And `/metrics`."""

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST

from gateway.lifecycle import Lifecycle
from gateway.metrics import Metrics
from gateway.models import Models
from gateway.records.recorder import Recorder
from gateway.redis_cache import RedisCache
from gateway.routes.unkept import unkept
from gateway.seams import Check


def health_routes(lifecycle: Lifecycle, models: Models, redis: RedisCache | None, recorder: Recorder | None, metrics: Metrics) -> APIRouter:
    """Health and metrics routes over what they look at."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz", summary="This process runs")
    async def healthz() -> Response:
        """No dependency is asked: restarting this process heals nothing but this process."""
        return unkept({"alive": True}, 200)

    @router.get("/readyz", summary="The whole truth, with reasons")
    async def readyz(
        asked_for: Literal["traffic"] | None = Query(None, alias="for", description="`traffic`: what a load balancer asks."),
    ) -> Response:
        """200 when a TorchServe worker is READY and the model answered in the last 5 s; with `for=traffic`, unless starting or draining.

        Models beside the default one are told of, each by its name, and decide nothing: the others are answered without it.
        """
        watch = models.default.watch
        if asked_for == "traffic":
            serving = lifecycle.state == "serving"
            return unkept({"ready": serving, "state": lifecycle.state}, 200 if serving else 503)
        checks = {"torchserve": watch.computing, "model": watch.model, "redis": _redis_check(redis), "records": _records_check(recorder)}
        for each in models.further:
            checks |= {f"{each.name}.torchserve": each.watch.computing, f"{each.name}.model": each.watch.model}
        ready = lifecycle.state == "serving" and watch.ready
        body = {"ready": ready, "state": lifecycle.state, "checks": {name: asdict(check) for name, check in checks.items()}}
        return unkept(body, 200 if ready else 503)

    @router.get("/metrics", summary="Prometheus text")
    async def prometheus() -> Response:
        return Response(await metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def _redis_check(redis: RedisCache | None) -> Check:
    """Redis is no reason not to be ready: without it answers take longer, and are answers."""
    if redis is None:
        return Check(True, "none is configured; only the in-process cache is used")
    return Check(redis.failure is None, redis.failure)


def _records_check(recorder: Recorder | None) -> Check:
    """No reason not to be ready either: predictions go on, and rows wait in memory."""
    if recorder is None:
        return Check(True, "switched off")
    return Check(recorder.failure is None, recorder.failure)

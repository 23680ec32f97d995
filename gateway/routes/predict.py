"""`POST /v1/predict`: a picture in, a digit out."""

import asyncio

import orjson
from fastapi import APIRouter, Query, Request, Response

from gateway.contract import Answer, CacheUse
from gateway.metrics import Metrics
from gateway.prediction import Predictor
from gateway.prediction_id import PredictionIds
from gateway.recording import Recording
from gateway.schema import PredictAnswer, ProblemBody, answer_body
from gateway.upload import Uploads

IMAGE_BODIES = {
    "image/png": {"schema": {"type": "string", "format": "binary"}},
    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    "multipart/form-data": {
        "schema": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "binary"}}}
    },
    "application/json": {
        "schema": {"type": "object", "required": ["image"], "properties": {"image": {"type": "string", "format": "byte"}}},
        "example": {"image": "iVBORw0KGgo="},
    },
}

REFUSALS = {
    400: "The request is malformed.",
    404: "There is no such model.",
    408: "The body came too slowly.",
    413: "Too many bytes or pixels.",
    415: "Not an image type that is taken.",
    422: "The picture cannot be read.",
    429: "Over capacity; see Retry-After.",
    502: "The model misbehaved.",
    503: "Cannot serve now; see Retry-After.",
    504: "No answer in time.",
}


def predict_routes(
    uploads: Uploads, predictor: Predictor, ids: PredictionIds, recording: Recording, metrics: Metrics, deadline_seconds: float
) -> APIRouter:
    """The predict routes over what they use."""
    router = APIRouter(prefix="/v1", tags=["prediction"])

    @router.post(
        "/predict",
        summary="Read the digit in a picture",
        response_model=PredictAnswer,
        openapi_extra={"requestBody": {"required": True, "content": IMAGE_BODIES}},
        responses={
            status: {"model": ProblemBody, "description": text, "content": {"application/problem+json": {}}}
            for status, text in REFUSALS.items()
        },
    )
    async def predict(
        request: Request, model: str | None = Query(None, description="Which model, where more than one is served.")
    ) -> Response:
        """PNG, JPEG, WebP, BMP, TIFF, or the first frame of a GIF: as the body itself, as the multipart field `image`, or in JSON.

        `Cache-Control: no-cache` answers afresh and remembers, `no-store` neither looks nor remembers.
        `X-Consent: training` lets us keep the canonical pixels, to train later models.
        """
        consent = request.headers.get("x-consent", "").strip().lower() == "training"
        deadline = asyncio.get_running_loop().time() + deadline_seconds
        async with uploads.read(request, deadline) as upload:
            answer = await predictor.predict(upload, cache_use(request), deadline=deadline, name=model, needs_pixels=consent)
        request.state.cache = answer.cache.value
        count(answer, metrics)
        prediction_id = ids.issue(answer.prediction.digit, answer.model.version)
        record = await recording.record(prediction_id, answer, started=request.state.started, deadline=deadline, keep_pixels=consent)
        body = answer_body(answer, prediction_id, record)
        return Response(
            orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY),
            media_type="application/json",
            headers={"X-Cache": answer.cache.value, "Server-Timing": server_timing(answer.seconds)},
        )

    return router


def cache_use(request: Request) -> CacheUse:
    """What the request's Cache-Control allows."""
    directives = {directive.strip().lower() for directive in request.headers.get("cache-control", "").split(",")}
    if "no-store" in directives:
        return CacheUse(read=False, write=False)
    return CacheUse(read="no-cache" not in directives)


def server_timing(seconds: dict[str, float]) -> str:
    """The Server-Timing header, in milliseconds."""
    return ", ".join(f"{name};dur={value * 1000:.2f}" for name, value in seconds.items())


def count(answer: Answer, metrics: Metrics) -> None:
    """Hits as much as misses, so that traffic is seen whole."""
    version, digit, reasons = answer.model.version, answer.prediction.digit, answer.reasons
    metrics.predictions.labels(str(digit), version, "false" if reasons else "true").inc()
    metrics.confidence.observe(answer.prediction.confidence)
    for reason in reasons:
        metrics.rejections.labels(reason, version).inc()
    if answer.seen.buckets:
        metrics.count_features(version, answer.cache, (*answer.seen.buckets, digit))

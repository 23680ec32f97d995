"""The calls that take pictures and need no framework, as OpenAPI shows them; here other methods on their paths are refused."""

from fastapi import APIRouter, Request, Response

from gateway.envelope import LIST, MOST_PICTURES, PART
from gateway.routes.asked import MODEL_PARAMETER
from gateway.routes.batch import PATH as BATCH_PATH
from gateway.routes.batch import Batches
from gateway.routes.shared import problems
from gateway.schema import BatchAnswer, PredictAnswer

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


def predict_documentation() -> APIRouter:
    """The call as OpenAPI shows it, and 405 for other methods on its path."""
    router = APIRouter(prefix="/v1", tags=["prediction"])

    @router.post(
        "/predict",
        summary="Read the digit in a picture",
        response_model=PredictAnswer,
        openapi_extra={"parameters": [MODEL_PARAMETER], "requestBody": {"required": True, "content": IMAGE_BODIES}},
        responses=problems(REFUSALS),
    )
    async def predict() -> None:
        """PNG, JPEG, WebP, BMP, TIFF, or the first frame of a GIF: as the body itself, as the multipart field `image`, or in JSON.

        `Cache-Control: no-cache` answers afresh and remembers, `no-store` neither looks nor remembers.
        `X-Consent: training` lets us keep the canonical pixels, to train later models.
        """
        raise AssertionError("Predicting answers this call")

    return router


def _body(member: str, form: str, **more: object) -> dict[str, object]:
    pictures = {"type": "array", "minItems": 1, "maxItems": MOST_PICTURES, "items": {"type": "string", "format": form}}
    return {"schema": {"type": "object", "required": [member], "properties": {member: pictures}}, **more}


BATCH_BODIES = {
    "application/json": _body(LIST, "byte", example={LIST: ["iVBORw0KGgo=", "/9j/4AAQSkY="]}),
    "multipart/form-data": _body(PART, "binary"),
}

BATCH_REFUSALS = {
    400: f"The request is malformed, or has not 1 to {MOST_PICTURES} pictures.",
    404: "There is no such model.",
    408: "The body came too slowly.",
    413: "Too many bytes together.",
    429: "Over capacity; see Retry-After.",
    503: "Cannot serve now; see Retry-After.",
}
"""Of the whole call; a picture that has no answer has its own problem among the results."""


def batch_documentation(batches: Batches) -> APIRouter:
    """The call as OpenAPI shows it; `batches` answers it, and bounds its body itself."""
    router = APIRouter(tags=["prediction"])

    @router.post(
        BATCH_PATH,
        summary="Read the digits in several pictures",
        response_model=BatchAnswer,
        openapi_extra={"parameters": [MODEL_PARAMETER], "requestBody": {"required": True, "content": BATCH_BODIES}},
        responses=problems(BATCH_REFUSALS),
    )
    async def batch(request: Request) -> Response:
        """As JSON or as multipart parts called `image`; together as large as a single picture may be.

        Each result is what `POST /v1/predict` answers for that picture, or the problem that it would answer; their order is that of the
        pictures. `Cache-Control` and `X-Consent` are obeyed as there, for all pictures. What has no answer by the deadline is a 504.
        """
        return await batches.answer(request.scope, request.receive)

    return router

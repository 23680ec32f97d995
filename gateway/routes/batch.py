"""`POST /v1/predict/batch`: several pictures in, an answer or a problem for each, in order. A bad picture fails alone."""

import asyncio
import logging

from fastapi import APIRouter, Request, Response

from gateway.envelope import LIST, MOST_PICTURES, PART
from gateway.errors import OUR_FAULT, Malformed, Problem, UploadTooSlow, problem_text
from gateway.observing import log_fields
from gateway.prediction import Choose, Predictor
from gateway.prompt import Headers
from gateway.routes.asked import MODEL_PARAMETER, Asked, read_asked
from gateway.routes.shared import problems
from gateway.routes.telling import Telling
from gateway.schema import BatchAnswer
from gateway.upload import Held, Uploads

log = logging.getLogger(__name__)

PATH = "/v1/predict/batch"


def _body(member: str, form: str, **more: object) -> dict[str, object]:
    pictures = {"type": "array", "minItems": 1, "maxItems": MOST_PICTURES, "items": {"type": "string", "format": form}}
    return {"schema": {"type": "object", "required": [member], "properties": {member: pictures}}, **more}


BODIES = {
    "application/json": _body(LIST, "byte", example={LIST: ["iVBORw0KGgo=", "/9j/4AAQSkY="]}),
    "multipart/form-data": _body(PART, "binary"),
}

REFUSALS = {
    400: f"The request is malformed, or has not 1 to {MOST_PICTURES} pictures.",
    404: "There is no such model.",
    408: "The body came too slowly.",
    413: "Too many bytes together.",
    429: "Over capacity; see Retry-After.",
    503: "Cannot serve now; see Retry-After.",
}
"""Of the whole call; a picture that has no answer has its own problem among the results."""


def batch_routes(uploads: Uploads, choose: Choose, telling: Telling, deadline_seconds: float) -> APIRouter:
    """The call over what it uses. It bounds its body itself."""
    router = APIRouter(tags=["prediction"])

    @router.post(
        PATH,
        summary="Read the digits in several pictures",
        response_model=BatchAnswer,
        openapi_extra={"parameters": [MODEL_PARAMETER], "requestBody": {"required": True, "content": BODIES}},
        responses=problems(REFUSALS),
    )
    async def batch(request: Request) -> Response:
        """As JSON or as multipart parts called `image`; together as large as a single picture may be.

        Each result is what `POST /v1/predict` answers for that picture, or the problem that it would answer; their order is that of the
        pictures. `Cache-Control` and `X-Consent` are obeyed as there, for all pictures. What has no answer by the deadline is a 504.
        """
        asked = read_asked(request.scope, deadline_seconds)
        predictor = choose(asked.model)
        _ = predictor.current  # where there is none, the whole call is refused, and unread
        with uploads.hold() as held:
            pictures = await _read(held, request, asked)
            async with asyncio.TaskGroup() as group:
                tasks = []
                for place, picture in enumerate(pictures):
                    tasks.append(group.create_task(result(place, picture, predictor, asked, request.headers.raw)))
                    await asyncio.sleep(0)  # each begins with work on the event loop: other requests go between
        return Response(b'{"results":[%b]}' % b",".join([task.result() for task in tasks]), media_type="application/json")

    async def result(place: int, picture: bytes | Malformed, predictor: Predictor, asked: Asked, sent: Headers) -> bytes:
        try:
            return await answer(picture, predictor, asked)
        except Problem as problem:
            return problem_text(problem, asked.request_id)
        except Exception:  # as a request of its own it would fail alone, too
            fields = log_fields(asked.request_id, sent)
            log.exception("picture %d of request %s failed", place, asked.request_id, extra=fields)
            return problem_text(Problem(OUR_FAULT), asked.request_id)

    async def answer(picture: bytes | Malformed, predictor: Predictor, asked: Asked) -> bytes:
        if isinstance(picture, Malformed):
            raise picture
        try:
            async with asyncio.timeout_at(asked.deadline):
                found = await predictor.predict(picture, asked.use, needs_pixels=asked.consent)
        except TimeoutError as error:
            raise predictor.overdue() from error
        return await telling.tell(found, asked)

    return router


async def _read(held: Held, request: Request, asked: Asked) -> list[bytes | Malformed]:
    try:
        async with asyncio.timeout_at(asked.deadline):
            return await held.read_several(asked.headers, request.receive)
    except TimeoutError as error:
        raise UploadTooSlow("the body did not arrive in time; send it faster, or send fewer pictures") from error

"""Everything that can go wrong with a request, as one family; only here does it become text, and HTTP (RFC 9457)."""

import math
from http import HTTPStatus

import orjson
from starlette.responses import Response

PROBLEM_TYPE = "application/problem+json"
NO_ANSWER = "no answer in time; try again"
OUR_FAULT = "this is a fault of ours; it is in the log under the request id"


class Problem(Exception):
    """A refusal or failure with words for the client. Subclasses fix `status` and `slug`; `detail` says what to do about it."""

    status: int = 500
    slug: str = "internal"

    def __init__(self, detail: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


class Malformed(Problem):
    """The request's envelope is broken: no body, wrong JSON, no `image` part."""

    status, slug = 400, "malformed"


class NotFound(Problem):
    status, slug = 404, "not-found"


class Conflict(Problem):
    """What was asked contradicts what is recorded."""

    status, slug = 409, "conflict"


class Gone(Problem):
    """It was there once."""

    status, slug = 410, "gone"


class UploadTooSlow(Problem):
    status, slug = 408, "upload-too-slow"


class TooLarge(Problem):
    status, slug = 413, "too-large"


class NotAnImage(Problem):
    """The bytes are of no image type that is taken."""

    status, slug = 415, "not-an-image"


class Unreadable(Problem):
    """The type is right and the picture is broken."""

    status, slug = 422, "unreadable-image"


class OverCapacity(Problem):
    status, slug = 429, "over-capacity"


class ModelMisbehaved(Problem):
    """The model answered something that cannot be an answer."""

    status, slug = 502, "model-misbehaved"


class ModelUnavailable(Problem):
    """No model can answer now."""

    status, slug = 503, "model-unavailable"


class RecordsProblem(Problem):
    """Records cannot be written or read now; predictions go on."""

    status, slug = 503, "records-unavailable"


class DeadlineExceeded(Problem):
    status, slug = 504, "deadline-exceeded"


class HttpProblem(Problem):
    """What the framework itself refuses (404, 405, ...), in our form."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = HTTPStatus(status).phrase.lower().replace(" ", "-")


def problem_text(problem: Problem, request_id: str) -> bytes:
    """The problem as JSON."""
    body = {
        "type": f"urn:digitserve:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
    }
    return orjson.dumps(body)


def problem_response(problem: Problem, request_id: str) -> Response:
    """`application/problem+json`, with Retry-After in whole seconds where there is one."""
    headers = {} if problem.retry_after_seconds is None else {"Retry-After": str(max(1, math.ceil(problem.retry_after_seconds)))}
    return Response(problem_text(problem, request_id), problem.status, headers, PROBLEM_TYPE)

"""`POST /v1/predict/batch`: several pictures in, an answer or a problem for each, in order. A bad picture fails alone."""

import asyncio
import logging

from starlette.responses import Response
from starlette.types import Receive, Scope

from gateway.errors import OUR_FAULT, Malformed, Problem, UploadTooSlow, problem_text
from gateway.observing import log_fields
from gateway.prediction import Choose, Predictor
from gateway.prompt import Headers
from gateway.routes.asked import Asked, read_asked
from gateway.routes.telling import Telling
from gateway.upload import Held, Uploads

log = logging.getLogger(__name__)

PATH = "/v1/predict/batch"


class Batches:
    """Answers the call, whoever hands it over. It bounds its body itself."""

    def __init__(self, uploads: Uploads, choose: Choose, telling: Telling, deadline_seconds: float) -> None:
        self._uploads, self._choose, self._telling, self._deadline_seconds = uploads, choose, telling, deadline_seconds

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """Raises the Problem of the whole call."""
        asked = read_asked(scope, self._deadline_seconds)
        predictor = self._choose(asked.model)
        _ = predictor.current  # where there is none, the whole call is refused, and unread
        with self._uploads.hold() as held:
            pictures = await _read(held, receive, asked)
            async with asyncio.TaskGroup() as group:
                tasks = []
                for place, picture in enumerate(pictures):
                    tasks.append(group.create_task(self._result(place, picture, predictor, asked, scope["headers"])))
                    await asyncio.sleep(0)  # each begins with work on the event loop: other requests go between
        return Response(b'{"results":[%b]}' % b",".join([task.result() for task in tasks]), media_type="application/json")

    async def _result(self, place: int, picture: bytes | Malformed, predictor: Predictor, asked: Asked, sent: Headers) -> bytes:
        try:
            return await self._answered(picture, predictor, asked)
        except Problem as problem:
            return problem_text(problem, asked.request_id)
        except Exception:  # as a request of its own it would fail alone, too
            fields = log_fields(asked.request_id, sent)
            log.exception("picture %d of request %s failed", place, asked.request_id, extra=fields)
            return problem_text(Problem(OUR_FAULT), asked.request_id)

    async def _answered(self, picture: bytes | Malformed, predictor: Predictor, asked: Asked) -> bytes:
        if isinstance(picture, Malformed):
            raise picture
        try:
            async with asyncio.timeout_at(asked.deadline):
                found = await predictor.predict(picture, asked.use, needs_pixels=asked.consent)
        except TimeoutError as error:
            raise predictor.overdue() from error
        return await self._telling.tell(found, asked)


async def _read(held: Held, receive: Receive, asked: Asked) -> list[bytes | Malformed]:
    try:
        async with asyncio.timeout_at(asked.deadline):
            return await held.read_several(asked.headers, receive)
    except TimeoutError as error:
        raise UploadTooSlow("the body did not arrive in time; send it faster, or send fewer pictures") from error

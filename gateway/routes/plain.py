"""Plain requests to predict, answered to the server itself: they are nearly all there are."""

import logging
import time
from collections.abc import Coroutine
from typing import Any

from gateway.contract import Answer
from gateway.deadlines import Deadlines
from gateway.envelope import envelope
from gateway.errors import OUR_FAULT, Problem, problem_response
from gateway.observing import Requests, log_fields
from gateway.offloop import FEW_BYTES
from gateway.prediction import Predictor, Unknown
from gateway.prompt import Headers, Prompt, head_of
from gateway.routes.asked import WISHES
from gateway.routes.predict import PATH, head
from gateway.routes.telling import Telling

log = logging.getLogger(__name__)


class Plain:
    """Answers plain requests to the server itself, as Predicting would answer them to the framework: no scope, no messages.

    Plain are those whose body is the picture, of few bytes, and which ask for no more than its digit.
    """

    def __init__(
        self, predictor: Predictor, telling: Telling, requests: Requests, *, deadline_seconds: float, max_upload_bytes: int
    ) -> None:
        self._predictor, self._telling, self._requests = predictor, telling, requests
        self._most_bytes = min(FEW_BYTES, max_upload_bytes)
        self._deadlines = Deadlines(deadline_seconds)

    def __call__(self, sent: Headers, body: bytes) -> Prompt | Coroutine[Any, Any, Prompt] | None:
        """The answer, if it is at hand, else one to wait for; None, and nothing was counted, where Predicting has to answer."""
        started = time.perf_counter()
        if len(body) > self._most_bytes or self._telling.waits:
            return None
        own_name: bytes | None = None
        for header, value in sent:
            if header in WISHES or (header == b"content-type" and envelope(value)):
                return None
            if header == b"x-request-id" and own_name is None:
                own_name = value
        try:
            found = self._predictor.at_hand(body)
        except Problem:
            return None
        name = self._requests.name(own_name)
        if isinstance(found, Unknown):
            return self._read(found, name, started, sent)
        try:
            told = self._told(found, name, started)
        except Exception:  # it may have been counted, which the usual way would do again
            told = _fault(name, sent)
        self._requests.count(PATH, "POST", told.status, found.cache, time.perf_counter() - started)
        return told

    async def _read(self, unknown: Unknown, name: str, started: float, sent: Headers) -> Prompt:
        told, cache = None, "none"
        self._requests.in_flight += 1
        try:
            with self._deadlines.limit():
                answer = await self._predictor.read(unknown)
            told, cache = self._told(answer, name, started), answer.cache
        except TimeoutError:
            told = _refused(self._predictor.overdue(), name)
        except Problem as problem:
            told = _refused(problem, name)
        except Exception:  # as Observed answers it on the usual way
            told = _fault(name, sent)
        finally:
            self._requests.in_flight -= 1
            self._requests.count(PATH, "POST", 500 if told is None else told.status, cache, time.perf_counter() - started)
        return told

    def _told(self, answer: Answer, name: str, started: float) -> Prompt:
        text = self._telling.tell_at_once(answer, started)
        return Prompt(200, b"%bx-request-id: %b\r\n" % (head(answer, text), name.encode()), text)


def _refused(problem: Problem, name: str) -> Prompt:
    response = problem_response(problem, name)
    return Prompt(response.status_code, head_of([*response.raw_headers, (b"x-request-id", name.encode())]), bytes(response.body))


def _fault(name: str, sent: Headers) -> Prompt:
    log.exception("request %s failed", name, extra=log_fields(name, sent))
    return _refused(Problem(OUR_FAULT), name)

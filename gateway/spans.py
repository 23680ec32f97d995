"""A request that was answered, as spans: a root and, for each answer, decode, cache, queue, model and record as far as there were any."""

import math
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from gateway.contract import Answer
from gateway.trace import Place, Told, Trace

LONGEST_PATH = 256
"""Characters of a request's path that are told: nobody may fill memory with them."""

Attributes = dict[str, str | int]


class Kind(Enum):
    """On whose behalf a span's time passes."""

    SERVER = "server"
    INTERNAL = "internal"
    CLIENT = "client"


class Span(NamedTuple):
    """One, as it is exported. Times are nanoseconds since 1970."""

    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str | None
    start_ns: int
    end_ns: int
    attributes: Attributes
    links: tuple[Place, ...] = ()
    failed: bool = False


class Answered(NamedTuple):
    """How a request ended."""

    method: str
    route: str | None
    """Its template; None: it met none."""
    path: str
    status: int
    request_id: str


def spans_of(trace: Trace, answered: Answered, new_id: Callable[[], str]) -> list[Span]:
    """Those of a request that ends now; the root comes first. Of several answers each has a span of its own around its parts."""
    ended = time.perf_counter()
    attributes = _said_of(answered)
    asked_first = next((told for told in trace.told if "model" in told.answer.seconds), None)
    children: list[Span] = []
    for told in trace.told:
        model_id = trace.model_id if told is asked_first else new_id()
        if len(trace.told) == 1:
            attributes |= _told_by(told.answer)
            children += _parts(trace, told, trace.span_id, model_id, new_id)
        else:
            picture_id = new_id()
            parts = list(_parts(trace, told, picture_id, model_id, new_id))
            times = min(part.start_ns for part in parts), trace.ns(told.ended)
            children.append(Span("picture", Kind.INTERNAL, trace.trace_id, picture_id, trace.span_id, *times, _told_by(told.answer)))
            children += parts
    name = answered.method if answered.route is None else f"{answered.method} {answered.route}"
    times = trace.began_ns, trace.ns(ended)
    failed = answered.status >= 500
    root = Span(name, Kind.SERVER, trace.trace_id, trace.span_id, trace.parent_id, *times, attributes, failed=failed)
    return [root, *children]


def parts_of(told: Told) -> list[tuple[str, float, float]]:
    """Name, start and end of what an answer took, by `time.perf_counter`.

    Cache, queue and model follow on each other without a gap. Who joined an equal picture on its way is told what was left of the way.
    """
    answer = told.answer
    decoded, until = answer.ends or (-math.inf, told.began)
    parts = [("record", told.began, told.ended)]
    for name in ("model", "queue", "cache"):
        if name in answer.seconds:
            since = until - answer.seconds[name]
            parts.append((name, max(since, decoded), max(until, decoded)))
            until = since
    if "decode" in answer.seconds:
        parts.append(("decode", decoded - answer.seconds["decode"], decoded))
    return parts[::-1]


def _parts(trace: Trace, told: Told, parent_id: str, model_id: str, new_id: Callable[[], str]) -> Iterator[Span]:
    for name, began, ended in parts_of(told):
        times = trace.ns(began), trace.ns(ended)
        if name == "model":
            links = tuple(trace.links) if model_id == trace.model_id else ()
            yield Span(name, Kind.CLIENT, trace.trace_id, model_id, parent_id, *times, {}, links)
        else:
            yield Span(name, Kind.INTERNAL, trace.trace_id, new_id(), parent_id, *times, {})


def _said_of(answered: Answered) -> Attributes:
    return {
        "http.request.method": answered.method,
        "http.response.status_code": answered.status,
        "url.path": answered.path[:LONGEST_PATH],
        "digitserve.request_id": answered.request_id,
        **({} if answered.route is None else {"http.route": answered.route}),
    }


def _told_by(answer: Answer) -> Attributes:
    return {
        "digitserve.digit": answer.content.digit,
        "digitserve.model_version": answer.model.version,
        "digitserve.cache": answer.cache.value,
    }

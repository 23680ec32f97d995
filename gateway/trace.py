"""What is known of a request that is traced, while it is answered: who asked, what its spans will be called, its answers as they come.

Where tracing is off there is none; what it costs then is that a picture which this process does not remember looks for one.
"""

import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import NamedTuple

from gateway.contract import Answer
from gateway.traceparent import HEADER as TRACEPARENT
from gateway.traceparent import traceparent
from gateway.tracestate import HEADER as TRACESTATE

TRACE: ContextVar["Trace | None"] = ContextVar("trace", default=None)
"""Of the request that this task answers. A task that works for several was started by any of them, and must not look here."""

Headers = tuple[tuple[bytes, bytes], ...]

Place = tuple[str, str]
"""Trace and span, by their ids."""


class Told(NamedTuple):
    """An answer, and from when to when it was recorded and told, by `time.perf_counter`."""

    answer: Answer
    began: float
    ended: float


class Trace:
    """One request's."""

    __slots__ = ("began", "began_ns", "links", "model_id", "parent_id", "span_id", "state", "told", "trace_id")

    def __init__(self, trace_id: str, parent_id: str | None, span_id: str, model_id: str, state: bytes | None = None) -> None:
        self.trace_id, self.parent_id = trace_id, parent_id
        self.state = state
        """What other systems of tracing said through the caller."""
        self.span_id = span_id
        """Of its root, which is made when all else has ended; but it is told to the caller before."""
        self.model_id = model_id
        """Of the span of its first request to the model, which is told to the model."""
        self.began, self.began_ns = time.perf_counter(), time.time_ns()
        self.told: list[Told] = []
        self.links: list[Place] = []
        """Whose pictures travelled to the model together with its own."""

    @property
    def traceparent(self) -> bytes:
        """What the answer says."""
        return traceparent(self.trace_id, self.span_id)

    def ns(self, moment: float) -> int:
        """What `time.perf_counter` said, in nanoseconds since 1970."""
        return self.began_ns + round((moment - self.began) * 1e9)


def note(answer: Answer, began: float) -> None:
    """An answer was recorded and told from then until now; kept where its request is traced."""
    trace = TRACE.get()
    if trace is not None:
        trace.told.append(Told(answer, began, time.perf_counter()))


def carried(traces: Iterable[Trace]) -> Headers:
    """What a request to the model for pictures of these says: the first one asks. It and the others point to each other."""
    traced = list(dict.fromkeys(traces))
    if not traced:
        return ()
    first, *others = traced
    for other in others:
        first.links.append((other.trace_id, other.model_id))
        other.links.append((first.trace_id, first.model_id))
    parent = TRACEPARENT, traceparent(first.trace_id, first.model_id)
    return (parent,) if first.state is None else (parent, (TRACESTATE, first.state))

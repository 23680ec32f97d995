"""Which requests are traced, and what becomes of their spans."""

import random
from collections.abc import Callable, Sequence

from gateway.randomness import RandomBytes
from gateway.spans import Answered, Span, spans_of
from gateway.trace import Trace
from gateway.traceparent import read_caller
from gateway.tracestate import read_tracestate

TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8


class Tracing:
    """Hands the spans of traced requests to `export`. For one thread.

    Where a caller's traceparent says whether the caller is recorded, so is the request; of the others `ratio` are, which `draw` tells.
    """

    def __init__(self, ratio: float, export: Callable[[list[Span]], None], draw: Callable[[], float] = random.random) -> None:
        self._ratio, self._export, self._draw = ratio, export, draw
        self._random = RandomBytes()

    def begin(self, headers: Sequence[tuple[bytes, bytes]]) -> Trace | None:
        """The trace of a request with these headers, named in lower case; None: it is not traced."""
        caller = read_caller(headers)
        if caller is None:
            return self._trace(self._random.take(TRACE_ID_BYTES).hex(), None) if self._draw() < self._ratio else None
        return self._trace(caller.trace_id, caller.span_id, read_tracestate(headers)) if caller.sampled else None

    def end(self, trace: Trace, answered: Answered) -> None:
        """It was answered."""
        self._export(spans_of(trace, answered, self._new_id))

    def _trace(self, trace_id: str, parent_id: str | None, state: bytes | None = None) -> Trace:
        return Trace(trace_id, parent_id, self._new_id(), self._new_id(), state)

    def _new_id(self) -> str:
        return self._random.take(SPAN_ID_BYTES).hex()

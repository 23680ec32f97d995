"""Answers and traces made by hand, for tests of what is told of them."""

from gateway.contract import Answer, CacheState, Content, ModelVersion
from gateway.trace import Trace

MODEL = ModelVersion("digits", "ab12cd34ef56", "http://torchserve.test:8080", "http://torchserve.test:8081", {})
CONTENT = Content(7, 0.9, (), (), b"d" * 32, ())
CALLER_ID = "00f067aa0ba902b7"


def answer(state: CacheState, ends: tuple[float, float] | None = None, **seconds: float) -> Answer:
    return Answer(CONTENT, MODEL, state, seconds, None, ends)


def trace(of: str = "a") -> Trace:
    """Its ids begin with this digit."""
    return Trace(of * 32, CALLER_ID, of * 15 + "1", of * 15 + "2")

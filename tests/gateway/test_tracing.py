import pytest

from gateway.spans import Answered, Span
from gateway.tracing import Tracing
from tests.gateway.test_traceparent import SAID, SPAN_ID, TRACE_ID


def tracing(ratio: float, drawn: float = 0.5, exported: list[list[Span]] | None = None) -> Tracing:
    return Tracing(ratio, (exported if exported is not None else []).append, lambda: drawn)


@pytest.mark.parametrize(("ratio", "drawn", "traced"), [(1, 0.999, True), (0, 0.0, False), (0.25, 0.249, True), (0.25, 0.25, False)])
def test_a_share_of_what_no_caller_decides_about_is_traced(ratio: float, drawn: float, traced: bool) -> None:
    assert (tracing(ratio, drawn).begin([(b"host", b"x")]) is not None) == traced


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_caller_who_is_recorded_is_followed_and_one_who_is_not_is_not(ratio: float) -> None:
    trace = tracing(ratio).begin([(b"traceparent", SAID)])
    assert trace is not None
    assert (trace.trace_id, trace.parent_id) == (TRACE_ID, SPAN_ID)
    assert tracing(ratio).begin([(b"traceparent", SAID[:-1] + b"0")]) is None


def test_a_malformed_traceparent_is_as_none() -> None:
    trace = tracing(1).begin([(b"traceparent", SAID + b"-more")])
    assert trace is not None
    assert trace.trace_id != TRACE_ID
    assert trace.parent_id is None
    assert tracing(0).begin([(b"traceparent", SAID + b"-more")]) is None


@pytest.mark.parametrize(("said", "state"), [([b"vendor=1", b"t@other=2"], b"vendor=1,t@other=2"), ([b"no such thing"], None), ([], None)])
def test_what_other_systems_say_is_kept_and_nothing_else_depends_on_it(said: list[bytes], state: bytes | None) -> None:
    trace = tracing(1).begin([(b"traceparent", SAID), *((b"tracestate", each) for each in said)])
    assert trace is not None
    assert (trace.trace_id, trace.parent_id, trace.state) == (TRACE_ID, SPAN_ID, state)


def test_without_a_traceparent_it_means_nothing() -> None:
    for others in ([], [(b"traceparent", SAID + b"-more")]):
        trace = tracing(1).begin([*others, (b"tracestate", b"vendor=1")])
        assert trace is not None
        assert trace.state is None


def test_every_name_is_a_new_one() -> None:
    it = tracing(1)
    traces = [trace for _ in range(1_000) if (trace := it.begin([])) is not None]
    names = {name for trace in traces for name in (trace.trace_id, trace.span_id, trace.model_id)}
    assert len(names) == 3_000
    assert {len(trace.trace_id) for trace in traces} == {32}
    assert {len(trace.span_id) for trace in traces} == {16}


def test_what_ends_is_exported_whole() -> None:
    exported: list[list[Span]] = []
    it = tracing(1, exported=exported)
    trace = it.begin([])
    assert trace is not None
    it.end(trace, Answered("GET", "/v1/model", "/v1/model", 200, "mine"))
    [[root]] = exported
    assert (root.name, root.span_id, root.parent_id) == ("GET /v1/model", trace.span_id, None)

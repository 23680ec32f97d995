import time

from gateway.contract import CacheState
from gateway.trace import TRACE, Trace, carried, note
from gateway.traceparent import traceparent
from tests.gateway.answers import answer, trace


def test_what_is_told_is_noted_where_the_request_is_traced() -> None:
    told = answer(CacheState.HIT, cache=0.1)
    note(told, 1.0)
    mine = trace()
    token = TRACE.set(mine)
    try:
        note(told, 1.0)
    finally:
        TRACE.reset(token)
    [noted] = mine.told
    assert noted.answer is told
    assert noted.began == 1.0
    assert noted.ended <= time.perf_counter()


def test_moments_become_times_of_day() -> None:
    mine = trace()
    assert mine.ns(mine.began) == mine.began_ns
    assert mine.ns(mine.began + 0.25) == mine.began_ns + 250_000_000
    assert abs(mine.began_ns - time.time_ns()) < 60e9


def test_the_first_of_a_batch_is_told_to_the_model_and_all_others_point_to_it_and_it_to_them() -> None:
    first, second, third = trace("a"), trace("b"), trace("c")
    assert carried([]) == ()
    assert carried([first, second, first, third]) == ((b"traceparent", traceparent(first.trace_id, first.model_id)),)
    assert first.links == [(second.trace_id, second.model_id), (third.trace_id, third.model_id)]
    assert second.links == third.links == [(first.trace_id, first.model_id)]


def test_what_other_systems_say_travels_with_the_one_who_asks() -> None:
    first, second = Trace("a" * 32, None, "1" * 16, "2" * 16, b"vendor=1"), Trace("b" * 32, None, "3" * 16, "4" * 16, b"vendor=2")
    assert carried([first, second])[1:] == ((b"tracestate", b"vendor=1"),)

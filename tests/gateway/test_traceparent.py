"""Examples are those of the standard, and what its own test suite asks of an implementation."""

import pytest

from gateway.traceparent import Caller, read_caller, read_traceparent, traceparent

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAID = f"00-{TRACE_ID}-{SPAN_ID}-01".encode()


def test_it_is_read_and_made_alike() -> None:
    assert read_traceparent(SAID) == Caller(TRACE_ID, SPAN_ID, sampled=True)
    assert traceparent(TRACE_ID, SPAN_ID) == SAID


@pytest.mark.parametrize(("flags", "sampled"), [(b"00", False), (b"01", True), (b"02", False), (b"03", True), (b"ff", True)])
def test_only_the_sampled_flag_is_looked_at(flags: bytes, sampled: bool) -> None:
    assert read_traceparent(SAID[:-2] + flags) == Caller(TRACE_ID, SPAN_ID, sampled)


@pytest.mark.parametrize(
    "said", [b"cc" + SAID[2:], b"cc" + SAID[2:] + b"-", b"cc" + SAID[2:] + b"-what the future will be", b" " + SAID + b"\t"]
)
def test_a_later_version_is_read_as_far_as_it_is_known_and_space_around_is_none_of_it(said: bytes) -> None:
    assert read_traceparent(said) == Caller(TRACE_ID, SPAN_ID, sampled=True)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"00",
        SAID[:-1],
        SAID + b"1",
        SAID + b"-",
        SAID + b"-more",
        SAID + b"\n",
        SAID.upper(),
        b"0" + SAID,
        b"ff" + SAID[2:],
        b"cc" + SAID[2:] + b".more",
        b"0x" + SAID[2:],
        SAID.replace(b"-", b"_"),
        SAID.replace(TRACE_ID.encode(), b"0" * 32),
        SAID.replace(SPAN_ID.encode(), b"0" * 16),
        SAID.replace(b"4bf9", b"4bg9"),
        SAID.replace(b"4bf9", "4bf٩".encode()),
        SAID[:-2] + b"0.",
        b"x" * 10_000,
    ],
)
def test_what_is_none_is_ignored(said: bytes) -> None:
    assert read_traceparent(said) is None


def test_of_several_none_is_believed() -> None:
    assert read_caller([(b"host", b"x"), (b"traceparent", SAID)]) == Caller(TRACE_ID, SPAN_ID, sampled=True)
    assert read_caller([(b"traceparent", SAID), (b"traceparent", SAID)]) is None
    assert read_caller([(b"host", b"x")]) is None

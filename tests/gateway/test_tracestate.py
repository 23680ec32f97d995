"""Examples are those of the standard, and what its own test suite asks of an implementation."""

import pytest

from gateway.tracestate import LARGE_BYTES, MOST_BYTES, read_tracestate


def said(*values: bytes) -> bytes | None:
    return read_tracestate([(b"host", b"x"), *((b"tracestate", value) for value in values)])


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        ([b"rojo=1,congo=2", b"tenant@system=3"], b"rojo=1,congo=2,tenant@system=3"),
        ([b"a=1 \t, \tb= 2"], b"a=1,b= 2"),
        ([b"a=1,", b",,b=2"], b"a=1,b=2"),
        ([b"0tenant@system=1"], b"0tenant@system=1"),
        ([b"a_-*/0=!#$%&'()*+-./:;<>?@[]^_`{|}~"], b"a_-*/0=!#$%&'()*+-./:;<>?@[]^_`{|}~"),
        ([b"a=1,a=2"], b"a=1,a=2"),
        ([b"a" * 256 + b"=1"], b"a" * 256 + b"=1"),
        ([b"t" * 241 + b"@" + b"s" * 14 + b"=1"], b"t" * 241 + b"@" + b"s" * 14 + b"=1"),
        ([b"a=" + b"1" * 256], b"a=" + b"1" * 256),
        ([b",".join(b"k%d=1" % number for number in range(32))], b",".join(b"k%d=1" % number for number in range(32))),
    ],
)
def test_it_is_handed_on_as_one(values: list[bytes], read: bytes) -> None:
    assert said(*values) == read


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ,\t,",
        b"a",
        b"a=",
        b"=1",
        b"A=1",
        b"0a=1",
        b"a =1",
        b"a=1=2",
        b"a=1;b=2\r\nx: y",
        b"a=1\n",
        b"a=\x7f",
        "a=é".encode(),
        b"a@=1",
        b"@a=1",
        b"a@b@c=1",
        b"a@0b=1",
        b"a" * 257 + b"=1",
        b"t" * 242 + b"@s=1",
        b"t@" + b"s" * 15 + b"=1",
        b"a=" + b"1" * 257,
        b",".join(b"k%d=1" % number for number in range(33)),
        b"fine=1,not fine=2",
        b"x" * 100_000,
    ],
)
def test_what_is_none_is_dropped(value: bytes) -> None:
    assert said(value) is None


def test_nothing_is_nothing() -> None:
    assert said() is None


def test_of_too_much_large_members_go_first_and_then_the_last() -> None:
    small = [b"k%02d=" % number + b"1" * 35 for number in range(20)]
    large = b"large=" + b"1" * LARGE_BYTES
    read = said(b",".join([small[0], large, *small[1:]]))
    assert read == b",".join(small[:12])
    assert len(read) <= MOST_BYTES < len(read + small[12]) + 1
    assert said(large + b",a=1") == large + b",a=1"

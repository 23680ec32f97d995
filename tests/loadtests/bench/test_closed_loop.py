"""The closed loop counts right answers alone, and times each."""

import re

import pytest

from loadtests.bench.closed_loop import go_round, repeat
from loadtests.bench.wire import Digits, post
from loadtests.programs import Failed
from tests.loadtests.server import serving


def test_every_connection_goes_round_and_all_answers_are_counted() -> None:
    with serving() as server:
        measured = repeat(server.url, "/v1/predict", b"7", connections=3, seconds=0.2, expects=b'"7"')
        assert len(server.connections) == 3
    assert measured.answers > 3
    assert measured.per_second == pytest.approx(measured.answers / measured.seconds)


def test_each_request_is_sent_once_and_its_own_answer_expected() -> None:
    with serving() as server:
        asks = [(post(server.url, "/", b"%d" % number), re.compile(b'"%d"' % number)) for number in range(50)]
        measured = go_round(server.url, asks, connections=1, seconds=5)
    assert measured.answers == 50
    assert 0 < sum(measured.latencies) <= measured.seconds < 5


@pytest.mark.parametrize("connections", [3, 60])
def test_all_are_answered_before_it_ends(connections: int) -> None:
    with serving() as server:
        asks = [(post(server.url, "/", b"7"), re.compile(b'"7"'))] * 50
        measured = go_round(server.url, asks, connections=connections, seconds=5)
    assert measured.answers == 50
    assert measured.seconds < 5


def test_requests_that_are_sent_ahead_are_each_answered_and_counted() -> None:
    with serving() as server:
        ask = b"".join(post(server.url, "/", b'"digit":%d' % digit) for digit in (7, 1, 0)), Digits.of([7, 1, 0])
        measured = go_round(server.url, [ask] * 5, connections=2, seconds=5, ahead=3)
        assert len(server.connections) == 2
    assert measured.answers == 15
    assert len(set(measured.latencies)) == 5, "all of them count when the last has come"


@pytest.mark.parametrize("second", [b"!7", b"8"], ids=["refused", "another"])
def test_a_wrong_answer_among_those_that_are_sent_ahead_ends_it(second: bytes) -> None:
    with serving() as server:
        bodies = (b'"digit":%b' % said for said in (b"7", second, b"7"))
        asked = b"".join(post(server.url, "/", body) for body in bodies), Digits.of([7, 7, 7])
        with pytest.raises(Failed, match="another answer than 7 7 7 came"):
            go_round(server.url, [asked], connections=1, seconds=5, ahead=3)


def test_an_error_among_those_that_are_sent_ahead_ends_it_whatever_it_says() -> None:
    with serving() as server:
        asked = b"".join(post(server.url, "/", body) for body in (b'"digit":7', b'!"digit":7')), Digits.of([7, 7])
        with pytest.raises(Failed, match="another answer than 7 7 came"):
            go_round(server.url, [asked], connections=1, seconds=5, ahead=2)


@pytest.mark.parametrize("body", [b"!7", b"8"], ids=["refused", "another"])
def test_what_is_no_right_answer_ends_it(body: bytes) -> None:
    with serving() as server, pytest.raises(Failed, match=f"{body.decode()}"):
        repeat(server.url, "/v1/predict", body, connections=1, seconds=5, expects=b'"7"')


def test_a_server_that_is_not_there_is_an_error() -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(OSError, match="refused"):
        repeat(url, "/v1/predict", b"7", connections=1, seconds=1, expects=b"7")

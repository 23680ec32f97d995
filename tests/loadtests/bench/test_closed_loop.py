"""The closed loop counts right answers alone, and times each."""

import re

import pytest

from loadtests.bench.closed_loop import go_round, repeat
from loadtests.bench.wire import post
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


@pytest.mark.parametrize("body", [b"!7", b"8"], ids=["refused", "another"])
def test_what_is_no_right_answer_ends_it(body: bytes) -> None:
    with serving() as server, pytest.raises(Failed, match=f"{body.decode()}"):
        repeat(server.url, "/v1/predict", body, connections=1, seconds=5, expects=b'"7"')


def test_a_server_that_is_not_there_is_an_error() -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(OSError, match="refused"):
        repeat(url, "/v1/predict", b"7", connections=1, seconds=1, expects=b"7")

"""The open loop sends when requests are due, and what waits is late."""

import re

import pytest

from loadtests.bench.open_loop import arrive
from loadtests.bench.wire import Ask, post
from loadtests.programs import Failed
from tests.loadtests.server import Told, serving


def asks(server: Told, bodies: list[bytes]) -> list[Ask]:
    return [(post(server.url, "/", body), re.compile(re.escape(body))) for body in bodies]


def test_everything_is_answered_in_about_the_time_that_the_rate_gives() -> None:
    with serving() as server:
        measured = arrive(server.url, asks(server, [b"7"] * 100), rate=500)
    assert measured.answers == 100
    assert measured.seconds > 0.1


def test_who_waits_for_a_connection_is_late_by_that() -> None:
    with serving() as server:
        measured = arrive(server.url, asks(server, [b"7"] * 60), rate=1e6, most_connections=1)
        assert len(server.connections) == 1
    assert list(measured.latencies) == sorted(measured.latencies), "each waits for all before it"


def test_no_more_connections_are_opened_than_allowed() -> None:
    with serving() as server:
        arrive(server.url, asks(server, [b"7"] * 60), rate=1e6, most_connections=4)
        assert len(server.connections) <= 4


def test_refusals_are_counted_up_to_as_many_as_are_allowed_and_their_connections_used_again() -> None:
    bodies = [b"7", b"!7", b"!7", b"7"]
    with serving() as server:
        measured = arrive(server.url, asks(server, bodies), rate=1e6, most_connections=1, most_refusals=2)
        assert (measured.answers, measured.refusals, len(server.connections)) == (2, 2, 1)
        with pytest.raises(Failed, match="429"):
            arrive(server.url, asks(server, bodies), rate=1e6, most_refusals=1)


def test_a_wrong_answer_is_no_refusal() -> None:
    with serving() as server, pytest.raises(Failed, match=r'another answer than "digit": 8 came: HTTP/1\.1 200'):
        arrive(server.url, [(post(server.url, "/", b"7"), re.compile(rb'"digit": 8'))], rate=1000, most_refusals=9)


def test_what_is_no_right_answer_ends_it() -> None:
    with serving() as server, pytest.raises(Failed, match="429"):
        arrive(server.url, asks(server, [b"7", b"!7"]), rate=1000)

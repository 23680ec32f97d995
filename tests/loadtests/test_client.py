"""The load client against a real server: it answers, refuses, hangs up."""

import time
from collections.abc import Iterator

import pytest

from loadtests import client
from loadtests.client import Gateway, Refused, at_once, at_rate
from tests.loadtests.server import Told, serving


@pytest.fixture
def server() -> Iterator[Told]:
    with serving() as server:
        yield server


@pytest.fixture
def gateway(server: Told) -> Iterator[Gateway]:
    asked = Gateway(server.url)
    yield asked
    asked.close()


def test_connections_are_kept(gateway: Gateway, server: Told) -> None:
    answers = at_once(gateway.predict, [b"a", b"b"] * 50, senders=3)
    assert [answer["told"] for answer in answers] == ["a", "b"] * 50
    assert len(server.connections) <= 3


def test_a_connection_that_was_idle_for_long_is_not_trusted(gateway: Gateway, server: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", 0.0)
    gateway.predict(b"a")
    gateway.predict(b"b")
    assert len(server.connections) == 2


def test_a_refusal_is_not_taken_for_an_answer(gateway: Gateway) -> None:
    with pytest.raises(Refused, match="429"):
        gateway.predict(b"!")


def test_things_are_sent_when_they_are_due(gateway: Gateway) -> None:
    started = time.perf_counter()
    at_rate(gateway.predict, [b"a"] * 11, rate=50)
    assert time.perf_counter() - started >= 0.2

"""The closed loop counts right answers alone."""

import pytest

from loadtests.bench.closed_loop import repeat
from loadtests.stack import Failed
from tests.loadtests.server import serving


def test_every_connection_goes_round_and_all_answers_are_counted() -> None:
    with serving() as server:
        rate = repeat(server.url, "/v1/predict", b"7", connections=3, seconds=0.2, expects=b'"7"')
        assert len(server.connections) == 3
    assert rate.answers > 3
    assert rate.per_second == pytest.approx(rate.answers / rate.seconds)


@pytest.mark.parametrize("body", [b"!7", b"8"], ids=["refused", "another"])
def test_what_is_no_right_answer_ends_it(body: bytes) -> None:
    with serving() as server, pytest.raises(Failed, match=f"{body.decode()}"):
        repeat(server.url, "/v1/predict", body, connections=1, seconds=5, expects=b'"7"')


def test_a_server_that_is_not_there_is_an_error() -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(OSError, match="refused"):
        repeat(url, "/v1/predict", b"7", connections=1, seconds=1, expects=b"7")

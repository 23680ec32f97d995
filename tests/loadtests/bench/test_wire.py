"""What goes over the wire, and what is a right answer."""

import pytest

from loadtests.bench.wire import DIGIT, post


def test_a_request_is_whole() -> None:
    request = post("http://127.0.0.1:8000", "/v1/predict", b"body", "image/png", "Cache-Control: no-store")
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b"body"
    assert head.split(b"\r\n") == [
        b"POST /v1/predict HTTP/1.1",
        b"Host: 127.0.0.1:8000",
        b"Content-Type: image/png",
        b"Content-Length: 4",
        b"Cache-Control: no-store",
    ]


@pytest.mark.parametrize("said", [b'{"digit":1,"x":2}', b'{"digit": 1}', b'{\n  "digit": 1\n}'])
def test_the_digit_is_found_however_it_is_written(said: bytes) -> None:
    assert [digit for digit in range(10) if DIGIT[digit].search(said)] == [1]


def test_a_longer_number_is_no_digit() -> None:
    assert not DIGIT[1].search(b'{"digit":12}')

"""What goes over the wire, and what is a right answer."""

import pytest

from loadtests.bench.fresh import Upload
from loadtests.bench.wire import DIGIT, Digits, asks, post


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


def test_our_gateway_is_asked_for_the_digit_in_each_picture() -> None:
    (request, expects), (_, another) = asks("http://127.0.0.1:8000", [Upload(b"picture", 3), Upload(b"other", 4)])
    assert request == post("http://127.0.0.1:8000", "/v1/predict", b"picture")
    assert expects.search(b'{"digit":3}')
    assert not another.search(b'{"digit":3}')


def test_a_longer_number_is_no_digit() -> None:
    assert not DIGIT[1].search(b'{"digit":12}')


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (b'{"results":[{"digit":3,"x":[1]},{"digit": 1}]}', True),
        (b'{"results":[{"digit":1},{"digit":3}]}', False),
        (b'{"results":[{"digit":3},{"status":422}]}', False),
        (b'{"results":[{"digit":3}]}', False),
        (b'{"results":[{"digit":3},{"digit":1},{"digit":1}]}', False),
        (b'{"results":[{"digit":31}]}', False),
    ],
    ids=["right", "another order", "a problem", "one too few", "one too many", "no digit"],
)
def test_several_digits_are_all_there_and_in_order(said: bytes, right: bool) -> None:
    assert Digits.of([3, 1]).search(b'"digit":7' + said, 9) is right
    assert Digits.of([3, 1]).pattern == b"3 1"

"""A batch is what the gateway takes, and its answer must have every digit."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from gateway.envelope import pictures_in_form, pictures_in_json
from loadtests.bench.batches import BOUNDARY, FORMS, as_json, as_multipart, ask
from loadtests.bench.fresh import Upload
from loadtests.bench.servers import SAMPLE

PICTURES = [b"\x89PNG\r\n--", SAMPLE.png, b""]


def test_json_holds_the_pictures_in_order() -> None:
    body, kind = as_json(PICTURES)
    assert kind == "application/json"
    assert pictures_in_json(body) == PICTURES


def test_multipart_holds_the_pictures_in_order() -> None:
    body, kind = as_multipart(PICTURES)

    async def received() -> AsyncGenerator[bytes, None]:
        yield body

    assert asyncio.run(pictures_in_form({b"content-type": kind.encode()}, received(), len(body))) == PICTURES
    assert BOUNDARY.encode() not in b"".join(PICTURES)


@pytest.mark.parametrize("workload", FORMS)
def test_the_whole_request_expects_every_digit(workload: str) -> None:
    request, expects = ask("http://127.0.0.1:1", FORMS[workload], [Upload(b"three", 3), Upload(b"one", 1)])
    assert request.startswith(b"POST /v1/predict/batch HTTP/1.1\r\n")
    assert expects.search(b'{"results":[{"digit":3},{"digit":1}]}')
    assert not expects.search(b'{"results":[{"digit":3},{"digit":8}]}')

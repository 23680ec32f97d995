"""Each server is asked as it wants to be, and the right answer of each is known."""

import base64
import json

import pytest

from loadtests.bench import servers
from loadtests.bench.formats import JSON
from loadtests.bench.fresh import Upload
from loadtests.bench.servers import LITSERVE, Server, running
from loadtests.programs import Failed


def test_most_take_the_picture_itself() -> None:
    request, expects = Server("any", "http://127.0.0.1:1", "/predict").ask(Upload(b"png", 3))
    assert request.startswith(b"POST /predict HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\npng")
    assert expects.search(b'"digit":3,')


def test_some_take_json() -> None:
    request, _ = Server("any", "http://127.0.0.1:1", "/", format=JSON).ask(Upload(b"png", 3))
    assert base64.b64decode(json.loads(request.partition(b"\r\n\r\n")[2])["image"]) == b"png"


def test_a_ceiling_says_the_same_whatever_it_is_sent() -> None:
    _, expects = Server("any", "http://127.0.0.1:1", "/", always_says=7).ask(Upload(b"png", 3))
    assert expects.search(b'"digit":7}')


def test_a_rival_that_is_not_installed_is_no_silent_gap(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("bench")
    monkeypatch.setattr(servers, "LITSERVE_FOLDER", folder)
    with pytest.raises(Failed, match="make bench-rivals"), running([LITSERVE], folder):
        pass

"""Where this machine reaches a gateway that listens on a given address."""

from pathlib import Path

import pytest

from gateway.embedded import Embedding


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_front_url(host: str, url: str) -> None:
    assert Embedding(host, 8000, None, None, None, Path(), Path(), Path()).front_url == url

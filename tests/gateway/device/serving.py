"""The edge server as a process of its own, asked over a connection that stays."""

import http.client
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from tests.gateway.conftest import png
from tests.gateway.embedded.processes import wait_until
from tests.gateway.workers.parents import Parent

UNWANTED = (
    "torch",
    "openvino",
    "redis",
    "hiredis",
    "fastapi",
    "pydantic",
    "pydantic_settings",
    "httpx",
    "sqlalchemy",
    "opentelemetry",
    "ts",
)


def wait_until_it_serves(server: Parent, seconds: float = 60) -> None:
    def serves() -> bool:
        assert server.process.poll() is None, server.said
        try:
            return httpx.get(f"{server.url}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(serves, seconds)


def answers(server: Parent, pictures: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Each of these to predict, one after the other."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for picture in pictures:
            connection.request("POST", "/v1/predict", picture)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            yield json.loads(body)


def new_pictures(bases: NDArray[np.uint8], count: int) -> Iterator[bytes]:
    """PNGs of pictures that differ from their bases in four grey pixels, and from each other."""
    for number in range(count):
        pixels = bases[number % len(bases)].copy()
        changed = np.flatnonzero((pixels > 100) & (pixels < 250))[:4]
        pixels.flat[changed] ^= np.array([number >> shift & 3 for shift in (0, 2, 4, 6)], np.uint8)[: len(changed)]
        pixels.flat[changed[:1]] ^= np.uint8(number >> 8 & 3) << 2
        yield png(pixels)


def resident_megabytes(server: Parent) -> float:
    """What the process has in memory, by the kernel's word: pages of files that it shares with others too."""
    told = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{server.process.pid}/status").read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1]) * 1024 / 1e6

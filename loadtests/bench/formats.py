"""How a picture is sent, and where the digit stands in the answer: servers differ in both."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.bench.wire import DIGIT


@dataclass(frozen=True)
class Format:
    """Of the requests to a server and of its answers."""

    body: Callable[[bytes], bytes]
    media_type: str = "application/json"
    digits: Sequence[re.Pattern[bytes]] = tuple(DIGIT)
    """What an answer holds that reads each digit."""


def as_it_is(picture: bytes) -> bytes:
    return picture


def as_json(picture: bytes) -> bytes:
    return json.dumps({"image": _base64(picture)}).encode()


def as_list(picture: bytes) -> bytes:
    """Of one."""
    return json.dumps({"images": [_base64(picture)]}).encode()


def as_tensor(picture: bytes) -> bytes:
    """A request of the Open Inference Protocol."""
    parameters = {"content_type": "base64"}
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": parameters, "data": [_base64(picture)]}
    return json.dumps({"inputs": [tensor]}).encode()


def _base64(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


RAW = Format(as_it_is, "application/octet-stream")
JSON = Format(as_json)
LIST = Format(as_list)
TENSOR = Format(
    as_tensor,
    digits=[re.compile(rb'"name": ?"digit", ?"shape": ?\[1\], ?"datatype": ?"INT64",[^\[]*"data": ?\[%d\]' % digit) for digit in range(10)],
)

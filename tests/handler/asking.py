"""What TorchServe would hand to the handler: requests as it decodes them, and a context that keeps what is said of the answers."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from handler.digit_handler import EXPLAIN, PIXELS, DigitHandler


class Context:
    """What of TorchServe's context a handler touches, one entry a request."""

    def __init__(self, folder: Path, headers: list[dict[str, Any]]) -> None:
        self.system_properties = {"model_dir": str(folder)}
        self.headers = headers
        self.kinds: dict[int, str] = {}
        self.statuses: dict[int, tuple[int, str]] = {}

    def get_all_request_header(self, index: int) -> dict[str, Any]:
        return self.headers[index]

    def set_response_content_type(self, index: int, value: str) -> None:
        self.kinds[index] = value

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        self.statuses[idx] = (code, phrase)


class Ask:
    """One call of `handle`; each request is (its parts, its headers)."""

    def __init__(self, digits: DigitHandler, folder: Path) -> None:
        self.digits, self.folder = digits, folder

    def __call__(self, *requests: tuple[dict[str, Any], dict[str, Any]]) -> tuple[list[bytes], Context]:
        context = Context(self.folder, [headers for _, headers in requests])
        answers = self.digits.handle([parts for parts, _ in requests], context)
        assert len(answers) == len(requests)
        assert all(isinstance(answer, bytes) for answer in answers)
        return answers, context

    def predictions(self, parts: dict[str, Any], headers: dict[str, Any]) -> list[dict[str, Any]]:
        (answer,), context = self((parts, headers))
        assert context.statuses == {}
        assert context.kinds == {0: "application/json"}
        found: list[dict[str, Any]] = json.loads(answer)["predictions"]
        return found

    def problem(self, parts: dict[str, Any], headers: dict[str, Any]) -> tuple[int, str]:
        (answer,), context = self((parts, headers))
        assert context.kinds == {0: "application/problem+json"}
        body = json.loads(answer)
        assert context.statuses == {0: (body["status"], body["title"])}
        return body["status"], body["detail"]


def pictures(n: int) -> NDArray[np.uint8]:
    return np.random.default_rng(n).integers(0, 256, size=(n, 28, 28), dtype=np.uint8)


def png(digit: str = "7") -> bytes:
    canvas = np.zeros((60, 60), dtype=np.uint8)
    cv2.putText(canvas, digit, (15, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 4)
    return cv2.imencode(".png", canvas)[1].tobytes()


def pixels_request(pixels: NDArray[np.uint8], **headers: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"body": bytearray(pixels.tobytes())}, {"Content-Type": PIXELS, **headers}


def explain_request(pixels: NDArray[np.uint8], digit: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"body": bytearray(pixels.tobytes() + bytes([digit]))}, {"Content-Type": EXPLAIN}


def form(*uploads: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """As TorchServe hands a form over: every part by its name, and among the headers again, as a dictionary."""
    parts = {f"part {index}": bytearray(upload) for index, upload in enumerate(uploads)}
    kinds = {name: {"content-type": "image/png"} for name in parts}
    return parts, {**kinds, "Content-Type": "multipart/form-data; boundary=x"}

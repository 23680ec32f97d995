"""Pictures in, digits out, inside TorchServe: whatever a client sends is answered, and a bad picture fails alone."""

import json
import logging
import os
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model.choice import fastest_of, handed_gpu
from model.explain import grad_cam
from model.inference import Classifier, softmax
from model.own_known import OWN_KNOWN
from model.preprocess import EmptyUpload, ImageError, ImageTooLarge, UnsupportedImage, canonicalise, keep_to_one_thread
from model.resident import let_go_of_code

PIXELS = "application/x-digit-pixels"
"""Request type: n canonical pictures, `uint8[side, side]` of the archive's side (28 where it says none), n in 1..64."""

FACTS = "application/x-digit-facts"
"""Request type of an empty body; the answer is `facts.json`. The describe call with `customized=true` says the same, but TorchServe
sends it to the worker without a time limit: a frozen worker then is never replaced. Machines ask this way."""

EXPLAIN = "application/x-digit-explain"
"""Request type: one canonical picture and a byte, the digit to be explained. One alone: pictures that come after it wait no longer."""

LOGITS = "application/x-digit-logits"
"""Answer type, when PIXELS were sent and this is accepted: n x 10 little-endian float32."""

MAP = "application/x-digit-map"
"""Answer type, to EXPLAIN: a Grad-CAM map of side x side little-endian float32 in 0..1."""

THREADS = "DIGITS_THREADS"
"""Environment variable: threads that a worker computes with. It is not in the archive, whose version it does not change."""

MOST_PICTURES = 64

Pixels = NDArray[np.uint8]
Problem = tuple[HTTPStatus, str]

log = logging.getLogger(__name__)


class DigitHandler:
    """The one class here: TorchServe takes any class of the module for its handler, and refuses two.

    A request is canonical pixels (PIXELS, or EXPLAIN), one image (any other body), or several images (multipart, each part under its
    own name, since TorchServe keeps one part a name). It answers `{"predictions": [{"digit", "probabilities", "logits"}, ...]}`, in
    order, with `{"error": {"status", "detail"}}` in the place of a bad part. A bad picture on its own, or pixels of a wrong length, are
    a problem document (RFC 9457) under its own 4xx.
    """

    def __init__(self, canonicalise: Callable[..., Any] = canonicalise) -> None:
        self.canonicalise = canonicalise

    def initialize(self, context: Any) -> None:
        """Loads the network out of the archive's folder and runs it once for each number of pictures, which a compiled network is prepared
        for when it first comes, so no request pays for that."""
        # At INFO the worker prints two lines a request, which the frontend reads through a pipe and matches against patterns.
        logging.getLogger().setLevel(logging.WARNING)
        threads = int(os.environ.get(THREADS, "1"))
        torch.set_num_threads(threads)
        keep_to_one_thread()
        folder = Path(context.system_properties["model_dir"])
        self.facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        released = Classifier(folder)
        self.side = released.side
        self.canonicalise = partial(self.canonicalise, side=self.side)
        self.facts |= _known_pictures(folder)
        self.explained = released.layers
        """At single precision: what is compiled has no gradients."""
        self.classifier = fastest_of(released, folder, threads, handed_gpu(context.system_properties.get("gpu_id")))
        self.facts["arithmetic"] = self.classifier.arithmetic
        for pictures in range(1, MOST_PICTURES + 1):
            self.classifier.logits(np.zeros((pictures, self.side, self.side), dtype=np.uint8))
        let_go_of_code()

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """One answer a request. All pictures of all requests go through the network together."""
        headers = [_plain(context.get_all_request_header(index)) for index in range(len(data))]
        requests = [self._read(parts, header) for parts, header in zip(data, headers, strict=True)]
        good = [picture for request in requests if isinstance(request, list) for picture in request if isinstance(picture, np.ndarray)]
        logits = iter(self.classifier.logits(np.stack(good)) if good else ())
        answers = []
        for index, (request, header) in enumerate(zip(requests, headers, strict=True)):
            if _asks_facts(header):
                kind, answer = "application/json", json.dumps(self.facts).encode()
            elif isinstance(request, tuple):
                kind, answer = "application/problem+json", _problem(request)
                context.set_response_status(request[0].value, request[0].phrase, index)
            elif isinstance(request, bytes):
                kind, answer = MAP, self._explained(request)
            elif _type(header) == PIXELS and LOGITS in header.get("accept", ""):
                kind, answer = LOGITS, b"".join(next(logits).astype("<f4").tobytes() for _ in request)
            else:
                predictions = [_error(picture) if isinstance(picture, tuple) else _prediction(next(logits)) for picture in request]
                kind, answer = "application/json", json.dumps({"predictions": predictions}).encode()
            context.set_response_content_type(index, kind)
            answers.append(answer)
        return answers

    def _read(self, parts: dict[str, Any], header: dict[str, str]) -> list[Pixels | Problem] | bytes | Problem:
        """Pictures to be read, or the body of what is to be explained."""
        kind = _type(header)
        if _asks_facts(header):
            return []
        if kind == PIXELS:
            return _canonical(_bytes(parts.get("body")), self.side)
        if kind == EXPLAIN:
            return _explainable(_bytes(parts.get("body")), self.side)
        if kind == "application/x-www-form-urlencoded":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a form is no picture; send the image under its own Content-Type, or none (curl -T)"
        uploads = list(parts.values()) if kind == "multipart/form-data" else [parts.get("body")]
        if not 1 <= len(uploads) <= MOST_PICTURES:
            return HTTPStatus.BAD_REQUEST, f"a request carries 1 to {MOST_PICTURES} pictures, not {len(uploads)}"
        pictures = [self._picture(_bytes(upload)) for upload in uploads]
        return pictures[0] if len(pictures) == 1 and isinstance(pictures[0], tuple) else pictures

    def _explained(self, body: bytes) -> bytes:
        picture = np.frombuffer(body[:-1], np.uint8).reshape(1, self.side, self.side)
        return grad_cam(self.explained, picture, np.array([body[-1]]), self.side).astype("<f4").tobytes()

    def _picture(self, upload: bytes) -> Pixels | Problem:
        try:
            pixels: Pixels = self.canonicalise(upload).pixels
            return pixels
        except ImageError as error:
            return _status(error), str(error)
        except Exception:
            # A decoder fails in its own ways on hostile bytes; left to itself, one would fail every request of the batch.
            log.warning("a picture of %d bytes broke the preprocessing", len(upload), exc_info=True)
            return HTTPStatus.UNPROCESSABLE_ENTITY, "the picture cannot be read"


def _known_pictures(folder: Path) -> dict[str, object]:
    """What the archive of a network that reads other pictures than the known digits says of its own; nothing where it has none."""
    file = folder / OWN_KNOWN
    if not file.exists():
        return {}
    with np.load(file) as known:
        return {"known": {"pixels": known["pixels"].tobytes().hex(), "labels": known["labels"].tolist()}}


def _canonical(body: bytes, side: int) -> list[Pixels | Problem] | Problem:
    each = side * side
    if len(body) % each or not 1 <= len(body) // each <= MOST_PICTURES:
        return HTTPStatus.BAD_REQUEST, f"canonical pixels are n * {each} bytes, n in 1..{MOST_PICTURES}, not {len(body)} bytes"
    return list(np.frombuffer(body, dtype=np.uint8).reshape(-1, side, side))


def _explainable(body: bytes, side: int) -> bytes | Problem:
    if len(body) != side * side + 1 or body[-1] > 9:
        return HTTPStatus.BAD_REQUEST, f"what is to be explained is {side * side} canonical bytes and a digit, 0 to 9, as one more"
    return body


def _status(error: ImageError) -> HTTPStatus:
    match error:
        case EmptyUpload():
            return HTTPStatus.BAD_REQUEST
        case ImageTooLarge():
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        case UnsupportedImage():
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        case _:
            return HTTPStatus.UNPROCESSABLE_ENTITY


def _prediction(logits: NDArray[np.float32]) -> dict[str, object]:
    return {"digit": int(logits.argmax()), "probabilities": softmax(logits[None])[0].tolist(), "logits": logits.tolist()}


def _error(problem: Problem) -> dict[str, object]:
    return {"error": {"status": problem[0].value, "detail": problem[1]}}


def _problem(problem: Problem) -> bytes:
    status, detail = problem
    return json.dumps({"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}).encode()


def _asks_facts(header: dict[str, str]) -> bool:
    return _type(header) == FACTS or header.get("describe") == "True"


def _plain(headers: dict[str, Any]) -> dict[str, str]:
    # Names come spelt as the client did; TorchServe puts the parts of a form among them, as dictionaries.
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}


def _type(header: dict[str, str]) -> str:
    return header.get("content-type", "").partition(";")[0].strip().lower()


def _bytes(part: Any) -> bytes:
    # Unless decode_input_request is off, TorchServe hands text parts over as str and JSON parts as values; no JSON value is a picture.
    match part:
        case None:
            return b""
        case bytes() | bytearray():
            return bytes(part)
        case str():
            return part.encode(errors="replace")
        case _:
            return b"{}"

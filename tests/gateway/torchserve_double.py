"""TorchServe as the gateway sees it, in memory: an httpx transport that describes versions and answers canonical pixels."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from inspect import isawaitable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

import model
from gateway.known import KnownDigits, read_known_digits
from gateway.model_client import EXPLAIN_TYPE, FACTS_TYPE, LOGITS_TYPE, PIXELS_TYPE
from model.preprocess import canonicalise_picture

VERSION = "ab12cd34ef56"
INFERENCE_URL = "http://torchserve.test:8080"
MANAGEMENT_URL = "http://torchserve.test:8081"


@cache
def known_digits() -> KnownDigits:
    """The first of each class of the committed known digits; digit `d` stands at place `d`."""
    everything = read_known_digits()
    first = np.searchsorted(everything.labels, np.arange(10))
    return KnownDigits(everything.pixels[first], everything.labels[first])


@cache
def shipped_reference() -> dict[str, Any]:
    """That of the released model."""
    shipped: dict[str, Any] = json.loads((Path(model.__file__).parent / "released" / "reference.json").read_text())
    return shipped


@cache
def known_to_another() -> KnownDigits:
    """Of another model: the same digits at a side of 40, which it calls 9 less the digit."""
    digits = known_digits()
    pixels = np.stack([canonicalise_picture(picture, 40).pixels for picture in digits.pixels])
    return KnownDigits(pixels, 9 - digits.labels)


def logits_for(pixels: NDArray[np.uint8], of: KnownDigits | None = None) -> NDArray[np.float32]:
    """float32[n, 10] for uint8[n, side, side]: sure of the known digit that looks most alike."""
    known = of or known_digits()
    apart = ((pixels.reshape(len(pixels), 1, -1).astype(np.float32) - known.pixels.reshape(1, 10, -1)) ** 2).sum(axis=2)
    sure: NDArray[np.float32] = np.eye(10, dtype=np.float32) * np.float32(12)
    logits: NDArray[np.float32] = sure[known.labels[apart.argmin(axis=1)]]
    return logits


async def misreads(pixels: NDArray[np.uint8]) -> httpx.Response:
    """Each digit as the next one."""
    return httpx.Response(200, content=np.roll(logits_for(pixels), 1, axis=1).astype("<f4").tobytes())


def map_for(pixels: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
    """A map that tells picture and digit: float32[28, 28]."""
    return (pixels / 255 * (digit + 1) / 10).astype("<f4")


@dataclass
class TorchServeDouble:
    """What a test may change: the versions that are there, READY workers, what predictions do before they are answered."""

    versions: list[str] = field(default_factory=lambda: [VERSION])
    versions_at: dict[str, list[str]] = field(default_factory=dict)
    """By host, in the place of `versions`, where it is several instances."""
    workers_ready: int = 1
    accept_threshold: float = 0.5
    before_answer: Callable[[], Awaitable[object]] | None = None
    answer: Callable[[NDArray[np.uint8]], httpx.Response] | None = None
    answers: dict[str, Callable[[NDArray[np.uint8]], Awaitable[httpx.Response]]] = field(default_factory=dict)
    """By version, in the place of its usual answers."""
    own: KnownDigits | None = None
    """Of another model: its archive's known pictures, one a digit, by which it answers. Their side is its own."""
    tells_known: bool = True
    facts: dict[str, object] = field(default_factory=dict)
    """Said in the place of others."""
    unreachable: bool = False
    unreachable_hosts: set[str] = field(default_factory=set)
    described: int = 0
    says_it_is: str | None = None
    reference: object = field(default_factory=shipped_reference)
    limits: dict[str, object] | None = None
    """None: it ships none."""
    batches: list[int] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    read_by: dict[str, list[bytes]] = field(default_factory=dict)
    """Pictures by version."""
    explained: list[int] = field(default_factory=list)
    """Digits."""
    map: Callable[[NDArray[np.uint8], int], bytes] = lambda pixels, digit: map_for(pixels, digit).tobytes()
    traceparents: list[str | None] = field(default_factory=list)
    tracestates: list[str | None] = field(default_factory=list)
    """Of each batch."""

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    @property
    def side(self) -> int:
        return 28 if self.own is None else self.own.pixels.shape[1]

    @property
    def asked(self) -> int:
        """Pictures computed that are not known digits: those that requests caused."""
        known = {picture.tobytes() for picture in (self.own or known_digits()).pixels}
        return sum(picture not in known for picture in self.pictures)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if self.unreachable or request.url.host in self.unreachable_hosts:
            raise httpx.ConnectError("refused")
        parts = request.url.path.strip("/").split("/")
        if parts[0] == "models":
            self.described += 1
            return self._describe(parts[-1], self._there(request))
        return await self._predict(request, parts[-1])

    def _there(self, request: httpx.Request) -> list[str]:
        return self.versions_at.get(request.url.host, self.versions)

    def _describe(self, version: str, there: list[str]) -> httpx.Response:
        chosen = there if version == "all" else [version]
        return httpx.Response(
            200,
            json=[
                {
                    "modelVersion": each,
                    "workers": [{"status": "READY"}] * self.workers_ready + [{"status": "UNLOADING"}],
                }
                for each in chosen
            ],
        )

    async def _predict(self, request: httpx.Request, version: str) -> httpx.Response:
        if request.headers["content-type"] == FACTS_TYPE:
            facts = {
                "version": self.says_it_is or version,
                "digest": "d" * 64,
                "arithmetic": "float32",
                "accept_threshold": self.accept_threshold,
                "reference": self.reference,
                **({} if self.limits is None else {"limits": self.limits}),
                **self._of_its_own(),
                **self.facts,
            }
            return httpx.Response(200, json=facts)
        if request.headers["content-type"] == EXPLAIN_TYPE:
            return await self._explain(await request.aread(), version)
        assert request.headers["content-type"] == PIXELS_TYPE
        assert request.headers["accept"] == LOGITS_TYPE
        if self.before_answer is not None:
            await self.before_answer()
        if version not in self._there(request):
            return httpx.Response(404)
        pixels = np.frombuffer(await request.aread(), np.uint8).reshape(-1, self.side, self.side)
        self.read_by.setdefault(version, []).extend(picture.tobytes() for picture in pixels)
        if (own := self.answers.get(version)) is not None:
            return await own(pixels)
        self.batches.append(len(pixels))
        self.traceparents.append(request.headers.get("traceparent"))
        self.tracestates.append(request.headers.get("tracestate"))
        self.pictures.extend(picture.tobytes() for picture in pixels)
        if self.answer is not None:
            return self.answer(pixels)
        return httpx.Response(200, content=logits_for(pixels, self.own).astype("<f4").tobytes())

    def _of_its_own(self) -> dict[str, object]:
        if self.own is None:
            return {}
        known = {"known": {"pixels": self.own.pixels.tobytes().hex(), "labels": self.own.labels.tolist()}}
        return {"side": self.side, **(known if self.tells_known else {})}

    async def _explain(self, body: bytes, version: str) -> httpx.Response:
        if self.before_answer is not None:
            await self.before_answer()
        if version not in self.versions:
            return httpx.Response(404)
        self.explained.append(body[-1])
        return httpx.Response(200, content=self.map(np.frombuffer(body[:-1], np.uint8).reshape(self.side, self.side), body[-1]))


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition, or for what it has to be awaited for, with a deadline."""
    async with asyncio.timeout(seconds):
        while not await _told(condition()):
            await asyncio.sleep(0.005)


async def _told(answer: object) -> object:
    return await answer if isawaitable(answer) else answer

"""How fast an installation answers when it is well: measured at a stated arrival rate through a running gateway.

Arrivals are open-loop: a request is sent when it is due, whether or not those before it were answered, so a slow server cannot hide.
The figures are read from the gateway's own histogram, as the alert reads them.
"""

import asyncio
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import httpx
import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from gateway.baseline import BaselineUnusable, LatencyBaseline
from gateway.known import KnownDigits

QUANTILES = (0.5, 0.95, 0.99)
STATES = ("miss", "hit")
FAINTER_PIXELS = 24
"""So many ink pixels of a known digit, each a little fainter or not, make a picture that was never seen."""

LEAST_ANSWERS = 100
DURATION = "gateway_request_duration_seconds_bucket"


async def measure(url: str, known: KnownDigits, *, rate: float, seconds: float) -> LatencyBaseline:
    """Send new pictures for half of the time and the same again for the other half. Raises BaselineUnusable.

    Other traffic meanwhile is measured along; it should be none, or usual.
    """
    pictures = [png for _, png in zip(range(math.ceil(rate * seconds / 2)), new_pictures(known), strict=False)]
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10, limits=httpx.Limits(max_connections=512), trust_env=False) as client:
            await _send(client, pictures[:1], rate)  # connects, and fails early
            before = await _histogram(client)
            misses = await _send(client, pictures, rate)
            hits = await _send(client, pictures, rate)
            after = await _histogram(client)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, KeyError) as error:
        raise BaselineUnusable(f"{url} does not answer: {type(error).__name__} {error}".rstrip()) from error
    answered = {state: after[state].minus(before[state]) for state in STATES}
    for state, histogram in answered.items():
        if histogram.total < LEAST_ANSWERS:
            raise BaselineUnusable(f"{histogram.total:.0f} answers of the kind {state} are too few; raise --rate or --seconds")
    return LatencyBaseline(
        model_version=_the_only_one(misses | hits),
        rate_per_second=rate,
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        answers={state: int(histogram.total) for state, histogram in answered.items()},
        seconds={state: {str(q): histogram.quantile(q) for q in QUANTILES} for state, histogram in answered.items()},
    )


def new_pictures(known: KnownDigits) -> Iterator[bytes]:
    """PNGs that are canonical and, as good as surely, were never sent."""
    rng = np.random.default_rng()
    while True:
        pixels = known.pixels[rng.integers(len(known.pixels))].copy()
        rows, columns = np.nonzero(pixels > 200)
        chosen = rng.permutation(len(rows))[:FAINTER_PIXELS]
        pixels[rows[chosen], columns[chosen]] -= rng.integers(0, 16, len(chosen), np.uint8)
        yield cv2.imencode(".png", pixels)[1].tobytes()


async def _send(client: httpx.AsyncClient, pictures: list[bytes], rate: float) -> set[str]:
    """One each 1/rate seconds; the versions that answered."""
    started = time.perf_counter()

    async def one(number: int, picture: bytes) -> str:
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        answer = await client.post("/v1/predict", content=picture)
        if answer.status_code != 200:
            raise BaselineUnusable(f"a prediction was refused with {answer.status_code}; a baseline is of a stack that is well")
        return str(answer.json()["model"]["version"])

    tasks = [asyncio.create_task(one(number, picture)) for number, picture in enumerate(pictures)]
    try:
        return set(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


@dataclass(frozen=True)
class _Histogram:
    """Cumulated counts by upper edge, in seconds."""

    counts: Mapping[float, float]

    @property
    def total(self) -> float:
        return self.counts.get(math.inf, 0.0)

    def minus(self, other: "_Histogram") -> "_Histogram":
        return _Histogram({edge: count - other.counts.get(edge, 0.0) for edge, count in self.counts.items()})

    def quantile(self, q: float) -> float:
        """As Prometheus's histogram_quantile: linear inside the bucket that the rank falls in."""
        rank, below, low = q * self.total, 0.0, 0.0
        for edge in sorted(self.counts):
            count = self.counts[edge]
            if count >= rank:
                return low if math.isinf(edge) else low + (edge - low) * (rank - below) / (count - below)
            below, low = count, edge
        return low


async def _histogram(client: httpx.AsyncClient) -> dict[str, _Histogram]:
    text = (await client.get("/metrics")).raise_for_status().text
    counts: dict[str, dict[float, float]] = {state: {} for state in STATES}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == DURATION and sample.labels["route"] == "/v1/predict" and sample.labels["cache"] in counts:
                counts[sample.labels["cache"]][float(sample.labels["le"])] = sample.value
    return {state: _Histogram(found) for state, found in counts.items()}


def _the_only_one(versions: set[str]) -> str:
    if len(versions) > 1:
        raise BaselineUnusable(f"versions {', '.join(sorted(versions))} answered; measure when one is served")
    return versions.pop()

"""How many pictures the network reads by itself in a loop, pixels in and logits out: what a server on one core can come near to."""

import itertools
import time
from typing import Any

import numpy as np

from model.choice import KNOWN, Served
from model.latency import one_thread

BATCH = 16


def throughput(network: Served, seconds: float) -> dict[str, Any]:
    """Pictures, seconds and processor seconds of this process, percentiles of a batch in milliseconds. Batches are of known digits."""
    with np.load(KNOWN) as known:
        pixels = known["pixels"]
    batches = [pixels[start : start + BATCH] for start in range(0, len(pixels) - BATCH + 1, BATCH)]
    taken: list[float] = []
    with one_thread():
        for batch in batches:
            network.logits(batch)
        started, used = time.perf_counter(), time.process_time()
        before = started
        for batch in itertools.cycle(batches):
            network.logits(batch)
            now = time.perf_counter()
            taken.append(now - before)
            before = now
            if now - started >= seconds:
                break
        used = time.process_time() - used
    p50, p95, p99 = (float(value) for value in np.percentile(taken, [50, 95, 99]) * 1e3)
    return {
        "arithmetic": network.arithmetic,
        "batch": BATCH,
        "pictures": BATCH * len(taken),
        "seconds": now - started,
        "processor_seconds": used,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
    }

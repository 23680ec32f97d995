"""Figures for tests: a gateway that does 10,000 hits a second, a TorchServe that reads 5,000 pictures."""

from loadtests.autoscaling.figures import Figures
from loadtests.bench.report import Machine
from loadtests.bench.runs import Spread


def spread(median: float) -> Spread:
    return Spread(median, median / 2, median * 2, 3)


FIGURES = Figures(
    machine=Machine("a processor", 2, 23.4, "2026-01-01T00:00:00+00:00", "abc1234"),
    connections=32,
    seconds=4.0,
    catalogue=60_000,
    popular=100_000,
    popular_hits=0.8,
    request_bytes=450,
    answer_bytes=550,
    redis_entry_bytes=200.0,
    redis_hit_bytes=150.0,
    redis_miss_bytes=300.0,
    row_bytes=180.0,
    gateway_hit_us=spread(50),
    gateway_redis_hit_us=spread(150),
    gateway_miss_us=spread(300),
    model_us=spread(200),
    redis_hit_us=spread(20),
    redis_miss_us=spread(40),
    hit_ms=spread(0.5),
    miss_ms=spread(3),
    gateway_start_seconds=spread(2),
    torchserve_start_seconds=spread(8),
)

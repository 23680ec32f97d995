"""Hits of every tier count, and answers of every status to single pictures and to several; nothing else does."""

import pytest
from prometheus_client import generate_latest

from gateway.metrics import Metrics
from loadtests.bench.lookups import counted_in


def test_hits_and_answers_are_those_that_the_gateway_tells() -> None:
    metrics = Metrics()
    assert counted_in(generate_latest(metrics.registry).decode()) == (0, 0)
    for tier, outcome, count in (("local", "hit", 3), ("redis", "hit", 4), ("redis", "miss", 5)):
        metrics.cache_lookups.labels(tier, outcome).inc(count)
    for route, status, count in (
        ("/v1/predict", 200, 20),
        ("/v1/predict", 429, 1),
        ("/v1/predict/batch", 200, 50),
        ("/v1/feedback", 200, 300),
    ):
        metrics.requests.labels(route, "POST", str(status)).inc(count)
    assert counted_in(generate_latest(metrics.registry).decode()) == (71, 7)


def test_a_server_without_the_counter_is_an_error() -> None:
    with pytest.raises(ValueError, match="gateway_cache_lookups_total"):
        counted_in("gateway_ready 1.0\n")

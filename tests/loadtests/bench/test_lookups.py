"""Hits of every tier count, and nothing else does."""

import pytest
from prometheus_client import generate_latest

from gateway.metrics import Metrics
from loadtests.bench.lookups import hits_in


def test_hits_are_those_that_the_gateway_tells() -> None:
    metrics = Metrics()
    assert hits_in(generate_latest(metrics.registry).decode()) == 0
    for tier, outcome, count in (("local", "hit", 3), ("redis", "hit", 4), ("redis", "miss", 5)):
        metrics.cache_lookups.labels(tier, outcome).inc(count)
    assert hits_in(generate_latest(metrics.registry).decode()) == 7


def test_a_server_without_the_counter_is_an_error() -> None:
    with pytest.raises(ValueError, match="gateway_cache_lookups_total"):
        hits_in("gateway_ready 1.0\n")

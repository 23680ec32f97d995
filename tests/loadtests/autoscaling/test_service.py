"""Work is what was measured, waits are those of queues, and what cannot be done is kept or refused and never lost."""

import math

import numpy as np
import pytest

from gateway.settings import Settings
from loadtests.autoscaling.service import DEADLINE_SECONDS, LOCAL_SHARE, MOST_BUSY, QUEUE_PICTURES, Backlog, Service, late_wait, mean_wait
from tests.loadtests.autoscaling.figures_made import FIGURES

SERVICE = Service.of(FIGURES)


def test_a_hit_costs_what_its_cache_costs_and_no_model_work() -> None:
    assert SERVICE.gateway(1.0) == pytest.approx(1e-6 * (LOCAL_SHARE * 50 + (1 - LOCAL_SHARE) * 150))
    assert SERVICE.gateway(0.0) == pytest.approx(300e-6)
    assert SERVICE.gateway(0.5) == pytest.approx((SERVICE.gateway(0.0) + SERVICE.gateway(1.0)) / 2)


def test_waits_are_those_of_a_queue_that_is_simulated() -> None:
    """Lindley's recursion over exponential arrivals and services, 70 % busy."""
    drawn, busy, each = np.random.default_rng(0), 0.7, 0.001
    count = 400_000
    change = drawn.exponential(each, count) - drawn.exponential(each / busy, count)
    walk = np.concatenate([[0.0], np.cumsum(change)])
    waits = walk - np.minimum.accumulate(walk)
    assert mean_wait(busy, each) == pytest.approx(float(waits.mean()), rel=0.1)
    assert late_wait(busy, each) == pytest.approx(float(np.percentile(waits, 99)), rel=0.1)


def test_who_is_hardly_busy_keeps_not_even_one_in_a_hundred_waiting() -> None:
    assert late_wait(0.009, 1.0) == 0
    assert late_wait(1.0, 0.001) == late_wait(MOST_BUSY, 0.001) < math.inf


def test_what_comes_is_done_waits_or_is_refused() -> None:
    backlog, drawn = Backlog(), np.random.default_rng(0)
    came = done = refused = 0.0
    for rate in drawn.uniform(0, 2_000, 200):
        passed = backlog.step(5, float(rate), 1_000, 3_000)
        came, done, refused = came + 5 * float(rate), done + passed.done, refused + passed.refused
        assert 0 <= backlog.waiting <= 3_000
        assert 0 <= passed.busy <= 1
    assert came == pytest.approx(done + refused + backlog.waiting)
    assert refused > 0


def test_a_backlog_tells_how_long_it_lasts() -> None:
    backlog = Backlog()
    assert backlog.step(5, 900, 1_000, 2_000).backlog_seconds == 0
    assert backlog.step(5, 1_100, 1_000, 2_000).backlog_seconds == pytest.approx(0.5)
    assert backlog.step(5, 0, 1_000, 2_000).backlog_seconds == pytest.approx(0.5), "who came first in this step waited so long"
    assert backlog.waiting == 0


def test_limits_are_the_gateway_s_own() -> None:
    usual = Settings.model_fields
    assert usual["deadline_seconds"].default == DEADLINE_SECONDS
    assert usual["queue_pictures"].default == QUEUE_PICTURES

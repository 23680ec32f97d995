"""A plan on paper is the measured work of an answer times the answers, worked by hand here."""

from dataclasses import replace

import pytest

from gateway.reference import CLASSES
from gateway.settings import Settings
from loadtests.autoscaling.capacity import CACHE_TTL_SECONDS, MODEL_BYTES, RETENTION_BYTES, Assumed, Work, limits, plan
from loadtests.autoscaling.capacity_page import capacity_page
from tests.loadtests.autoscaling.figures_made import FIGURES

ASSUMED = Assumed(busy=0.5, core_hour=0.1, database_rows=100_000, redis_gigabytes=20_000)


def test_a_million_a_second_at_90_percent_by_hand() -> None:
    seen = plan(FIGURES, ASSUMED, 90)
    assert seen.gateways == 240, "0.45 * 50 + 0.45 * 150 + 0.1 * 300 = 120 us: 120 cores, half busy"
    assert seen.torchserves == 40, "0.1 * 200 = 20 us"
    assert seen.redis_for_work == 26, "0.45 * 20 + 0.1 * 40 = 13 us"
    assert seen.databases == 10
    assert seen.cores == 316
    assert seen.price_an_hour == pytest.approx(31.6)
    assert seen.outside_gigabits == pytest.approx(8.0), "1,000 bytes in and out"
    assert seen.inside_gigabits == pytest.approx(8e-3 * (0.45 * 150 + 0.1 * (300 + 824) + 180))
    assert seen.terabytes_a_day == pytest.approx(180 * 86_400 / 1e6)
    assert seen.redis_terabytes == pytest.approx(0.1 * 86_400 * 200 / 1e6)


def test_memory_asks_for_shards_too() -> None:
    assert plan(FIGURES, replace(ASSUMED, redis_gigabytes=10), 90).redis_for_memory == 173, "1,728 GB of a day's new answers"


def test_a_hit_costs_no_model_work() -> None:
    work = Work.of(FIGURES, 100)
    assert work.torchserve_us == 0
    assert plan(FIGURES, ASSUMED, 100).torchserves == 0


@pytest.mark.parametrize("percent", [0, 50, 90, 100])
def test_the_first_to_break_stands_first(percent: float) -> None:
    seen = limits(FIGURES, ASSUMED, percent)
    assert [limit.requests for limit in seen] == sorted(limit.requests for limit in seen)
    assert len(seen) == (4 if percent == 100 else 5), "without new pictures no TorchServe breaks"


def test_one_of_each_carries_what_its_core_does() -> None:
    carried = {limit.what: limit.requests for limit in limits(FIGURES, ASSUMED, 0)}
    assert carried["the core of one TorchServe"] == pytest.approx(2_500)
    assert carried["the core of one gateway"] == pytest.approx(0.5 / 300e-6)


def test_another_price_changes_the_page() -> None:
    usual, dear = (capacity_page(FIGURES, replace(ASSUMED, core_hour=price)) for price in (0.1, 1.0))
    assert "| 31.60 |" in usual
    assert "| 316.00 |" in dear


def test_limits_and_forms_are_those_of_the_gateway() -> None:
    assert Settings.model_fields["cache_ttl_seconds"].default == CACHE_TTL_SECONDS
    assert Settings.model_fields["retention_bytes"].default == RETENTION_BYTES
    assert MODEL_BYTES == 28 * 28 + 4 * CLASSES, "n x 784 bytes of pixels, n x 10 float32 of logits"

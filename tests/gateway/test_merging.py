"""Several processes tell the series that one would: sums that outlive their processes, and never a word of which process it was."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest, values

from gateway.contract import CacheState, Content
from gateway.merging import FOLDER, join, leave
from gateway.metrics import Metrics
from gateway.reference import Reference
from gateway.series import LATENCY_BUCKETS
from tests.gateway.conftest import Gateway, digit_png
from tests.gateway.test_metrics import Samples, samples, total, value
from tests.gateway.torchserve_double import VERSION, shipped_reference, until

pytestmark = pytest.mark.anyio

SEVEN = Content(7, 0.99, (), (1, 2, 3, 4, 0), bytes(32), ())


class Siblings:
    """Processes played by one: whose turn it is keeps what it counts in its own place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[int, Any] = {}

    def born(self, place: int) -> Metrics:
        """A process takes the place."""
        join(self.folder, place)
        self._kept[place] = values.ValueClass
        return Metrics(self.folder)

    def act(self, place: int) -> None:
        """What is counted from now on is counted by this one."""
        values.ValueClass = self._kept[place]


@pytest.fixture
def siblings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Siblings]:
    monkeypatch.setenv(FOLDER, "")
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    yield Siblings(tmp_path)
    values.close_all_multiprocess_files()  # type: ignore[no-untyped-call]


def told(metrics: Metrics) -> Samples:
    """By a process that was just asked, without the series that the server switches off."""
    metrics.settle()
    every = samples(generate_latest(metrics.registry).decode())
    return {cell: number for cell, number in every.items() if not cell[0].endswith("_created")}


def live(metrics: Metrics, seconds: float) -> None:
    """Something of everything that a process tells."""
    metrics.serve_version(VERSION, Reference.of({"reference": shipped_reference()}))
    metrics.tell_baseline_latency(VERSION, {"hit": {"0.5": seconds}})
    metrics.follow(metrics.cache_up.labels("redis"), lambda: True)
    metrics.follow(metrics.records_up.labels("buffered"), lambda: True)
    metrics.follow(metrics.inflight, lambda: 3)
    metrics.count_request("/v1/predict", "POST", 200, "hit", seconds)
    metrics.count_answer(SEVEN, VERSION, CacheState.HIT)
    metrics.count_local_lookup(True, seconds)
    metrics.count_label(VERSION, 7, 7, None, 4.0)
    metrics.count_label(VERSION, 7, 1, 7, 4.0)
    metrics.canary.labels("7", "7", VERSION).inc()
    metrics.model_duration.observe(seconds)


def test_several_tell_exactly_the_series_that_one_tells(siblings: Siblings) -> None:
    alone = Metrics()
    live(alone, 0.01)
    for place in (1, 2):
        metrics = siblings.born(place)
        live(metrics, 0.01)
    assert told(metrics).keys() == told(alone).keys()
    assert not any("pid" in dict(labels) for _, labels in told(metrics))


def test_every_cell_is_there_at_0_from_the_start(siblings: Siblings) -> None:
    assert told(siblings.born(1)).keys() == told(Metrics()).keys()


def test_counts_add_up_whoever_is_asked(siblings: Siblings) -> None:
    one = siblings.born(1)
    live(one, 0.01)
    one.settle()
    other = siblings.born(2)
    live(other, 0.04)
    for asked in (other, one):
        seen = told(asked)
        assert value(seen, "digits_predictions_total", digit="7", accepted="true") == 2
        assert total(seen, "gateway_request_duration_seconds_count", cache="hit") == 2
        assert total(seen, "gateway_request_duration_seconds_sum", cache="hit") == pytest.approx(0.05)
        between = str(next(edge for edge in LATENCY_BUCKETS if edge > 0.02))
        assert total(seen, "gateway_request_duration_seconds_bucket", cache="hit", le=between) == 1


def test_each_gauge_is_merged_by_what_it_means(siblings: Siblings) -> None:
    one = siblings.born(1)
    live(one, 0.01)
    one.follow(one.ready, lambda: True)
    one.model_workers_ready.set(2)
    other = siblings.born(2)
    live(other, 0.04)
    other.follow(other.cache_up.labels("redis"), lambda: False)
    other.model_workers_ready.set(1)
    seen = told(other)
    assert total(seen, "gateway_inflight_requests") == 6
    assert total(seen, "gateway_ready") == 0
    assert total(seen, "gateway_cache_up", tier="redis") == 0
    assert total(seen, "gateway_records_up") == 1
    assert total(seen, "gateway_model_workers_ready") == 2
    assert value(seen, "gateway_info") == 1
    assert value(seen, "digits_baseline_latency_seconds", quantile="0.5", cache="hit") == 0.04
    one.settle()
    alone = total(told(Metrics()), "process_resident_memory_bytes")
    assert total(told(other), "process_resident_memory_bytes") > 1.5 * alone


def test_the_dead_leave_their_counts_and_nothing_else(siblings: Siblings) -> None:
    one = siblings.born(1)
    live(one, 0.01)
    one.follow(one.ready, lambda: False)
    one.settle()
    other = siblings.born(2)
    live(other, 0.01)
    other.follow(other.ready, lambda: True)
    before = told(other)
    leave(siblings.folder, 1)
    after = told(other)
    assert total(before, "gateway_ready") == 0
    assert total(after, "gateway_ready") == 1
    assert total(after, "gateway_inflight_requests") == 3
    assert value(after, "digits_predictions_total", digit="7", accepted="true") == 2
    assert after["process_cpu_seconds_total", frozenset()] >= before["process_cpu_seconds_total", frozenset()]


def test_who_takes_the_place_of_the_dead_counts_on_in_the_same_files(siblings: Siblings) -> None:
    other = siblings.born(2)
    for _ in range(3):
        one = siblings.born(1)
        live(one, 0.01)
        one.settle()
        files = sorted(siblings.folder.iterdir())
        leave(siblings.folder, 1)
    one = siblings.born(1)
    live(one, 0.01)
    one.settle()
    assert sorted(siblings.folder.iterdir()) == files
    assert value(told(other), "digits_predictions_total", digit="7", accepted="true") == 4


def test_what_is_said_anew_takes_the_place_of_what_was_said(siblings: Siblings) -> None:
    alone = Metrics()
    other = siblings.born(2)
    other.serve_version("old", None)
    one = siblings.born(1)
    for metrics in (alone, one):
        metrics.serve_version("older", None)
        metrics.serve_version("old", None)
        metrics.serve_version("new", None)
    assert versions(alone) == {"new": 1}
    assert versions(one) == versions(other) == {"new": 1, "old": 1}
    siblings.act(2)
    other.serve_version("new", None)
    assert versions(one) == {"new": 1}


def versions(metrics: Metrics) -> dict[str, float]:
    """What each version's `gateway_info` says."""
    return {dict(labels)["model_version"]: number for (name, labels), number in told(metrics).items() if name == "gateway_info"}


def test_a_file_that_was_only_just_made_is_passed_over(siblings: Siblings) -> None:
    one = siblings.born(1)
    live(one, 0.01)
    (siblings.folder / "counter_2.db").touch()
    (siblings.folder / "gauge_livesum_2.db").touch()
    assert total(told(one), "gateway_inflight_requests") == 3


async def test_what_waits_reaches_a_sibling_that_is_asked(siblings: Siblings) -> None:
    one = siblings.born(1)
    live(one, 0.01)
    keeping = asyncio.create_task(one.keep_settled())
    other = siblings.born(2)
    siblings.act(1)
    await until(lambda: total(told(other), "digits_predictions_total", digit="7"))
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_what_waits_is_told_before_a_process_ends(siblings: Siblings, gateway: Gateway) -> None:
    other = siblings.born(2)
    siblings.born(1)
    async with gateway(siblings=siblings.folder) as client:
        await client.post("/v1/predict", content=digit_png(7))
    assert total(told(other), "digits_predictions_total") == 1

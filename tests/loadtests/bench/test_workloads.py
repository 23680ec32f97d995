"""Workloads are what they are called."""

import re
from array import array
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from loadtests.bench.formats import Format, as_json
from loadtests.bench.fresh import Fresh
from loadtests.bench.lookups import Counted
from loadtests.bench.measured import Measured
from loadtests.bench.runs import Cell
from loadtests.bench.servers import OURS, SAMPLE, Server
from loadtests.bench.workloads import AHEAD, DISTINCT, HIT_RATES, MEMORY, REDIS, REPEATED, SENT_AHEAD, ZIPF, Case, Round, check
from loadtests.programs import Failed
from tests.loadtests.bench.test_runs import run
from tests.loadtests.server import serving

KNOWN = Path(__file__).parents[3] / "model" / "known" / "digits.npz"


@pytest.fixture
def this() -> Round:
    with np.load(KNOWN) as known:
        return Round(0, {}, Fresh(known["pixels"], known["labels"]), seconds=0.1)


def test_distinct_pictures_are_distinct_from_one_measurement_to_the_next(this: Round) -> None:
    first, second = (this.uploads(Case(DISTINCT, connections, ())) for connections in (1, 32))
    assert len({upload.png for upload in (*first, *second)}) == len(first) + len(second)


def test_one_picture_is_repeated(this: Round) -> None:
    assert this.uploads(Case(REPEATED, 32, ())) == [SAMPLE]


def test_of_requests_that_are_sent_ahead_sixteen_travel_at_once(this: Round) -> None:
    case = Case(AHEAD, 2, ("ours",))
    assert this.uploads(case) == [SAMPLE] * SENT_AHEAD == [SAMPLE] * 16
    told = Format(lambda _: b'"digit":%d' % SAMPLE.digit)
    with serving() as server:
        [run] = replace(this, servers={"ours": Server("ours", server.url, "/", format=told)}).run(case)
    assert run.answers
    assert run.answers % 16 == 0


def test_redis_is_asked_for_different_pictures(this: Round) -> None:
    assert len(set(this.uploads(Case(REDIS, 32, ())))) == 1_000


def test_popular_pictures_come_often_and_each_round_has_its_own(this: Round) -> None:
    first, second = (replace(this, number=number).uploads(Case(ZIPF, 128, ())) for number in (0, 1))
    (_, most), *_ = Counter(first).most_common()
    assert most / len(first) > 0.05
    assert not set(first) & set(second)


def test_who_is_first_alternates(this: Round) -> None:
    told = Format(as_json, digits=[re.compile(b"told")] * 10)
    with serving() as server:
        servers = {name: Server(name, server.url, "/", format=told) for name in ("one", "other")}
        case = Case(DISTINCT, 1, ("one", "other"))
        orders = [[run.cell.server for run in replace(this, number=number, servers=servers).run(case)] for number in (0, 1)]
    assert orders == [["one", "other"], ["other", "one"]]


@pytest.mark.parametrize(
    ("workload", "share", "void"),
    [
        (DISTINCT, 0.002, True),
        (DISTINCT, 0.0005, False),
        (MEMORY, 0.802, True),
        (MEMORY, 0.8, False),
        (MEMORY, 0.5, False),
        (ZIPF, 0.9, False),
        (HIT_RATES[0], 0.002, True),
        (HIT_RATES[0], 0.0, False),
        (HIT_RATES[10], 0.12, True),
        (HIT_RATES[10], 0.105, False),
        (HIT_RATES[10], 0.08, True),
        (HIT_RATES[95], 0.93, True),
        (HIT_RATES[95], 0.945, False),
    ],
)
def test_another_share_out_of_a_cache_than_can_be_or_is_measured_voids_the_run(workload: str, share: float, void: bool) -> None:
    seen = replace(run(Cell(workload, 32, "ours"), 0, 100), answers=100_000, hit_share=share)
    if void:
        with pytest.raises(Failed, match="void"):
            check(seen)
    else:
        check(seen)


def test_hits_are_a_larger_share_of_few_answers_since_new_pictures_are_last_in_flight() -> None:
    seen = replace(run(Cell(HIT_RATES[50], 32, "ours"), 0, 100), answers=300, hit_share=0.55)
    check(seen)
    with pytest.raises(Failed, match="void"):
        check(replace(seen, answers=3_000))


def test_hits_are_a_share_of_all_pictures_of_requests_and_are_checked(this: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [Counted(100, 40), Counted(110, 48)]
    monkeypatch.setattr("loadtests.bench.workloads.counted", lambda url: counts[0])
    monkeypatch.setattr("loadtests.bench.workloads.counted_at_least", lambda url, answers: counts[1])
    asked = replace(this, servers={OURS: Server(OURS, "http://127.0.0.1:1", "/")})
    load = partial(Measured, array("d", [0.1] * 10), seconds=1.0)
    assert asked.measure(Cell(ZIPF, 8, OURS), load, pictures=16).hit_share == pytest.approx(0.05)
    with pytest.raises(Failed, match=r"80\.00% of pictures"):
        asked.measure(Cell(DISTINCT, 8, OURS), load)

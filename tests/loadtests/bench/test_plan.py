"""What is asked for is measured once, and what is less than everything takes no other name's results."""

from collections import Counter

import pytest

from loadtests.bench.__main__ import QUICK, measured
from loadtests.bench.apart import APART, MLSERVER
from loadtests.bench.plan import BY_DEFAULT, CONNECTIONS, MEMORY, WORKERS, WORKLOADS, WRK, asked, cases, file_stem
from loadtests.bench.servers import (
    BARE_ASGI,
    BARE_ROUTE,
    OURS,
    OURS_FROM_REDIS,
    OURS_TWICE,
    OURS_TWO_WORKERS,
    OURS_UNCACHED,
    RIVALS,
    TORCHSERVE_BATCHED,
)
from loadtests.bench.workloads import CASES, DISTINCT
from loadtests.programs import Failed


@pytest.mark.parametrize(
    ("workloads", "quick", "stem"),
    [
        (BY_DEFAULT, False, "bench"),
        (BY_DEFAULT[::-1], False, "bench"),
        (["zipf", "distinct"], False, "bench-distinct-zipf"),
        (["connections"], False, "bench-connections"),
        (WORKLOADS, False, f"bench-{'-'.join(WORKLOADS)}"),
        (BY_DEFAULT, True, "bench-quick"),
        (["memory"], True, "bench-quick-memory"),
    ],
)
def test_results_of_less_are_called_after_it(workloads: list[str], quick: bool, stem: str) -> None:
    assert file_stem(workloads, quick=quick) == stem


def test_results_with_others_besides_are_called_after_them_too() -> None:
    assert file_stem(BY_DEFAULT, [MLSERVER]) == "bench-also-mlserver"
    assert (
        file_stem(["distinct"], list(APART)[::-1], quick=True)
        == f"bench-quick-distinct-also-{'-'.join(rival.option for rival in APART.values())}"
    )


def test_usually_every_closed_loop_is_measured() -> None:
    assert cases(BY_DEFAULT) == list(CASES)
    assert set(asked(BY_DEFAULT)) >= {OURS, *RIVALS}


def test_others_are_measured_besides_with_distinct_pictures_at_1_32_and_128_connections() -> None:
    assert not set(asked(BY_DEFAULT)) & set(APART)
    assert set(asked(BY_DEFAULT, [MLSERVER])) == {*asked(BY_DEFAULT), MLSERVER}
    with_it = [case for case in cases(BY_DEFAULT, [MLSERVER]) if MLSERVER in case.servers]
    assert [(case.workload, case.connections) for case in with_it] == [(DISTINCT, 1), (DISTINCT, 32), (DISTINCT, 128)]
    assert all(OURS in case.servers for case in with_it)


def test_what_two_names_ask_for_is_measured_once() -> None:
    all_three = cases({"distinct", CONNECTIONS, WORKERS})
    assert set(Counter((case.workload, case.connections) for case in all_three).values()) == {1}
    seen = Counter((case.workload, case.connections, server) for case in all_three for server in case.servers)
    assert set(seen.values()) == {1}
    assert {connections for _, connections, server in seen if server == TORCHSERVE_BATCHED} == {1, 2, 8, 32, 128, 256, 512}
    assert {connections for _, connections, server in seen if server == OURS_TWO_WORKERS} == {32, 128}
    assert set(asked({"distinct", CONNECTIONS, WORKERS})) == set(asked({"distinct"})) | {OURS_TWO_WORKERS}


def test_over_connections_two_are_compared_with_distinct_pictures() -> None:
    assert asked([CONNECTIONS]) == [OURS, TORCHSERVE_BATCHED]
    assert {case.workload for case in cases([CONNECTIONS])} == {DISTINCT}
    assert [case.connections for case in cases([CONNECTIONS])] == [1, 2, 8, 32, 128, 256, 512]


def test_processes_and_workers_are_each_compared_with_one() -> None:
    assert [(case.workload, case.connections) for case in cases([WORKERS])] == [(DISTINCT, 32), (DISTINCT, 128)]
    assert asked([WORKERS]) == [OURS, OURS_TWICE, OURS_TWO_WORKERS]


def test_wrk_asks_ours_and_the_ceilings() -> None:
    assert asked([WRK]) == [OURS, OURS_TWICE, BARE_ROUTE, BARE_ASGI, OURS_FROM_REDIS]


def test_a_program_that_is_missing_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Failed, match="apt-get install --no-install-recommends wrk"):
        measured(QUICK, {WRK, MEMORY})


def test_hit_rates_are_beside_a_gateway_without_caches() -> None:
    assert asked(["hit-rates"]) == [OURS, OURS_UNCACHED]


def test_without_closed_loops_our_stack_alone_is_started() -> None:
    assert asked(["network", "batches", "photographs"]) == [OURS]

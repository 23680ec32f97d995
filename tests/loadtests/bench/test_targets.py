"""Every target of the issue is judged by the median, and says so where it was not measured."""

from dataclasses import replace

import pytest

from loadtests.bench import wrk
from loadtests.bench.apart import APART, BENTOML, MLSERVER
from loadtests.bench.memory import PROCESSES
from loadtests.bench.plan import BY_DEFAULT, cases
from loadtests.bench.runs import Cell, Memory, Spread
from loadtests.bench.servers import OURS, RIVALS
from loadtests.bench.targets import A_MILLION, TARGETS, Ratio, verdicts
from loadtests.bench.workloads import DISTINCT, MEMORY, NETWORK, NETWORK_BF16
from tests.loadtests.bench.test_runs import run


def test_what_was_not_measured_is_no_verdict() -> None:
    told = verdicts([])
    assert len(told) == len(TARGETS)
    assert all("not measured" in line for line in told)


@pytest.mark.parametrize(("ours", "said"), [(124, "MISSED"), (126, "held")])
def test_the_first_target_is_a_quarter_more_throughput(ours: float, said: str) -> None:
    target = TARGETS[0]
    assert isinstance(target, Ratio)
    runs = [run(target.one, 0, ours), run(target.other, 0, 100)]
    line = verdicts(runs)[0]
    assert line.startswith("1. distinct, 32 connections: throughput of digitserve by that of TorchServe, batching: 1.2")
    assert line.endswith(f"at least 1.25: {said}")


@pytest.mark.parametrize(("median", "held"), [(1.2, True), (1.3, True), (1.4, False)])
def test_an_upper_bound_is_one(median: float, held: bool) -> None:
    target = replace(TARGETS[0], at_least=None, at_most=1.3)
    assert target.held(Spread(median, 0, 9, 5)) is held


@pytest.mark.parametrize(("workload", "bound"), [(NETWORK_BF16, 100), (NETWORK, 230)])
def test_the_network_alone_is_judged_by_what_its_processor_can_do(workload: str, bound: int) -> None:
    seen = run(Cell(workload, 1, "int8"), 0, 9_000)
    for us, said in ((bound, "held"), (bound + 1, "MISSED")):
        (line,) = (line for line in verdicts([replace(seen, processor_us=us)]) if line.endswith(said))
        assert line == f"5. {workload}: us of processor a picture: {us:#.4g}, at most {bound}: {said}"


def test_memory_is_judged_after_a_million_answers_for_each_process() -> None:
    flat, growing = [150.0] * 8, [150.0] * 6 + [154.0] * 2
    memory = {"gateway": Memory.of(flat), "JVM": Memory.of([301.0, *flat[1:]]), "worker": Memory.of(growing)}
    seen = replace(run(Cell(MEMORY, 32, OURS), 0, 5_000), answers=A_MILLION, memory=memory)
    lines = [line for line in verdicts([seen]) if line.startswith("7.")]
    assert memory.keys() == PROCESSES.keys()
    assert [line.rpartition(": ")[2] for line in lines] == ["held", "held", "MISSED", "held", "held", "MISSED"]
    assert lines[0] == "7. one new in 5: MB of the gateway at its largest after 1,000,000 answers: 150.0, at most 200: held"
    assert lines[5].endswith("growth of the worker over the last half after 1,000,000 answers: 1.027, at most 1.02: MISSED")
    fewer = [line for line in verdicts([replace(seen, answers=A_MILLION - 1)]) if line.startswith("7.")]
    assert all("not measured" in line for line in fewer)


def test_a_rival_that_is_asked_for_besides_is_judged_as_the_others_are() -> None:
    ours, theirs = (
        [run(Cell(DISTINCT, over, server), 0, rate) for over in (1, 32, 128)] for server, rate in ((OURS, 1_800), (MLSERVER, 1_000))
    )
    told = [line for line in verdicts([*ours, *theirs]) if MLSERVER in line]
    assert [line.rpartition(": ")[2] for line in told] == ["held"] * 3
    assert [line[:2] for line in told] == ["1.", "1.", "2."]
    slower = [line for line in verdicts([*theirs, *(replace(each, per_second=599, p50_ms=2) for each in ours)]) if MLSERVER in line]
    assert [line.rpartition(": ")[2] for line in slower] == ["MISSED"] * 3
    assert [line[:2] for line in verdicts([]) if BENTOML in line] == ["1.", "1."], "its latency is not asked about"


def test_photographs_of_other_sizes_are_told_and_not_judged() -> None:
    unjudged = [target for target in TARGETS if target.bound is None]
    assert len(unjudged) == 3
    for target in unjudged:
        assert isinstance(target, Ratio)
        (line,) = (line for line in verdicts([run(target.one, 0, 100), run(target.other, 0, 100)]) if "1.000" in line)
        assert line.endswith(f"{target.one.workload}, 1 connection: p50 of digitserve by that of cv2.imdecode: 1.000")


def test_every_closed_loop_that_a_target_names_is_measured() -> None:
    measured = {Cell(case.workload, case.connections, server) for case in cases(BY_DEFAULT, list(APART)) for server in case.servers}
    measured |= {Cell(workload, wrk.CONNECTIONS, server) for workload, servers in wrk.ASKED.items() for server in servers}
    for target in TARGETS:
        if isinstance(target, Ratio) and target.line in (1, 2, 3, 4, 8):
            assert {target.one, target.other} <= measured
    assert {cell.server for cell in measured} >= {OURS, *RIVALS}

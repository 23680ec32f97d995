"""The main process of each container is killed under load, nine in ten of it hits, and no more fails than was in its hands."""

import time
from collections.abc import Iterator

import pytest

from loadtests.bench.fresh import Upload
from loadtests.programs import wait_until
from tests.compose.load import CONNECTIONS, Outcome, load
from tests.compose.project import Project

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

BEFORE_SECONDS, AFTER_SECONDS = 2.0, 6.0
RIGHT_AGAIN_SECONDS = 20.0
EDGE_BACK_SECONDS = 5.0


def hurt(project: Project, service: str, known: list[Upload], new: Iterator[Upload], after: float) -> tuple[list[Outcome], float]:
    """All that became of the load, and when the process was killed."""
    wait_until(lambda: project.is_well(service), 60, f"{service} is healthy")
    with load(project.url, known, new) as running:
        time.sleep(BEFORE_SECONDS)
        killed = time.monotonic()
        project.kill(project.containers(service)[0])
        time.sleep(after)
    wait_until(lambda: project.is_well(service), 90, f"{service} is healthy again")
    failed = [outcome for outcome in running.outcomes if not outcome.right]
    print(f"\n{service}: {len(running.outcomes)} requests, {len(failed)} not answered right", {outcome.status for outcome in failed})
    assert all(outcome.right for outcome in running.outcomes if outcome.at < killed - 1)
    assert all(outcome.right for outcome in running.outcomes if outcome.status == 200)
    return running.outcomes, killed


@pytest.mark.parametrize("service", ["redis", "postgres", "prometheus", "alertmanager"])
def test_without_it_nothing_fails(project: Project, known: list[Upload], new: Iterator[Upload], service: str) -> None:
    outcomes, _ = hurt(project, service, known, new, AFTER_SECONDS)
    assert all(outcome.right for outcome in outcomes)


def test_a_gateway_takes_no_more_along_than_it_had_in_hand(project: Project, known: list[Upload], new: Iterator[Upload]) -> None:
    outcomes, killed = hurt(project, "gateway", known, new, AFTER_SECONDS)
    failed = [outcome for outcome in outcomes if not outcome.right]
    assert len(failed) <= CONNECTIONS  # each has one request in flight
    assert all(outcome.at < killed + 0.1 for outcome in failed)  # and it was sent before


def test_without_torchserve_hits_are_answered_and_misses_told_to_come_again(
    project: Project, known: list[Upload], new: Iterator[Upload]
) -> None:
    outcomes, killed = hurt(project, "torchserve", known, new, RIGHT_AGAIN_SECONDS + 5)
    assert all(outcome.right for outcome in outcomes if outcome.known)
    misses = [outcome for outcome in outcomes if not outcome.known]
    assert all(outcome.right or (outcome.status == 503 and outcome.retry_after) for outcome in misses)
    refused = [outcome.at - killed for outcome in misses if outcome.status == 503]
    print(f"misses refused until {max(refused, default=0):.1f} s after")
    assert refused
    assert max(refused) < RIGHT_AGAIN_SECONDS


def test_the_edge_is_back_soon(project: Project, known: list[Upload], new: Iterator[Upload]) -> None:
    outcomes, killed = hurt(project, "edge", known, new, EDGE_BACK_SECONDS + 3)
    failed = [outcome.at - killed for outcome in outcomes if not outcome.right]
    print(f"failed until {max(failed, default=0):.1f} s after")
    assert max(failed, default=0) < EDGE_BACK_SECONDS

"""The exit code of a load tells a stack that is well from one that errs and one that is late, and Locust counts as the gateway does."""

import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from loadtests.drills.slow import Delay, slowable_stack
from loadtests.pictures import CHECKOUT
from loadtests.stack import Stack
from tests.loadtests.load.faulty import faulty

pytestmark = [pytest.mark.integration, pytest.mark.alone]

GENEROUS = ("--p95-ms", "1000")
ROW = re.compile(r"^POST +(/\S+) \([^)]+\) +(\d+) +(\d+)\(", re.MULTILINE)
LIMIT_MS = re.compile(r"([\d.]+) ms\)?\Z")
VERDICT = re.compile(r"^(\d+) requests, .* p95 ([\d.]+) ms: (.+)\Z", re.MULTILINE)
COUNTED = re.compile(r'^gateway_requests_total{method="POST",route="([^"]+)",status="\d+"} ([\d.]+)$', re.MULTILINE)


@dataclass(frozen=True)
class Load:
    """One that ended."""

    code: int
    requests: dict[str, int]
    """By route, out of Locust's table."""
    failures: int
    p95_ms: float
    limit_ms: float | None
    """Of its p95; None where another one was missed."""
    verdict: str


def load(*command: str) -> Load:
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    print(ended.stdout, ended.stderr)
    told = VERDICT.search(ended.stdout.strip())
    assert told, "no verdict"
    requests, failures = Counter[str](), 0
    for route, asked, failed in ROW.findall(ended.stdout):
        requests[route] += int(asked)
        failures += int(failed)
    assert int(told[1]) == requests.total()
    limit = LIMIT_MS.search(told[3])
    return Load(ended.returncode, requests, failures, float(told[2]), float(limit[1]) if limit else None, told[3])


def load_on(url: str, *options: str) -> Load:
    return load(sys.executable, "-m", "loadtests.load", "--url", url, *options)


def counted(url: str) -> Counter[str]:
    """Requests by route, as the gateway counts them."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/metrics") as answer:
        counts = Counter[str]()
        for route, count in COUNTED.findall(answer.read().decode()):
            counts[route] += int(float(count))
    return counts


@pytest.fixture(scope="module")
def slowable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Delay]]:
    with slowable_stack(tmp_path_factory.mktemp("load"), 0.0, GATEWAY_CANARY_SECONDS="0") as both:
        yield both


@pytest.fixture(scope="module")
def well(slowable: tuple[Stack, Delay]) -> tuple[Load, Counter[str]]:
    """`make load` on the stack before anything is done to it, and by how much the gateway's counts grew.

    Again, at most twice, where it came out late: the limit is of a moment before, and a shared machine may be busier by then.
    """
    url = slowable[0].url
    for _ in range(3):
        before = counted(url)
        seen = load("make", "--no-print-directory", "load", f"LOAD=--url {url} --seconds 8")
        grown = counted(url) - before
        if seen.code == 0:
            break
    return seen, grown


def test_a_stack_that_is_well_is_good(well: tuple[Load, Counter[str]]) -> None:
    seen, _ = well
    assert seen.verdict.startswith("good")
    assert seen.code == 0


def test_without_a_url_it_starts_a_stack_of_its_own() -> None:
    seen = load(sys.executable, "-m", "loadtests.load", "--seconds", "1", "--users", "4", *GENEROUS)
    assert seen.verdict.startswith("good")
    assert seen.code == 0


def test_locust_counts_as_the_gateway_does(well: tuple[Load, Counter[str]]) -> None:
    seen, grown = well
    assert seen.requests == grown
    assert set(seen.requests) == {"/v1/predict", "/v1/predict/batch", "/v1/feedback"}
    assert seen.requests["/v1/predict"] > 300


def test_two_errors_in_a_hundred_are_too_many(slowable: tuple[Stack, Delay]) -> None:
    stack, _ = slowable
    before = counted(stack.url)
    with faulty(stack.url, one_in=50) as front:
        seen = load_on(front.url, "--seconds", "3", *GENEROUS)
    assert seen.verdict == "more than 1.00% errors"
    assert seen.code == 1
    assert seen.failures == sum(seen.requests.values()) // 50
    assert (counted(stack.url) - before).total() == sum(seen.requests.values()) - seen.failures


def test_three_times_the_p95_is_too_late(slowable: tuple[Stack, Delay], well: tuple[Load, Counter[str]]) -> None:
    """Than the limit that was measured for the stack that was well."""
    stack, delay = slowable
    delay.set(2 * well[0].p95_ms / 1000)
    seen = load_on(stack.url, "--seconds", "5", "--p95-ms", str(well[0].limit_ms))
    assert seen.verdict.startswith("a p95 of more than")
    assert seen.code == 1
    assert seen.failures == 0


def test_what_is_in_flight_at_the_end_is_counted(slowable: tuple[Stack, Delay]) -> None:
    stack, delay = slowable
    delay.set(0.3)
    before = counted(stack.url)
    seen = load_on(stack.url, "--seconds", "2", "--shape", "steady", *GENEROUS)
    assert seen.requests == counted(stack.url) - before

"""Gateways, and then the model, are replaced at 70 % of what the stack can do: nothing fails, and each answer is of the version it says."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from loadtests.bench.fresh import Upload
from loadtests.client import Gateway
from loadtests.programs import wait_until
from model.export import build_archive, fingerprint
from tests.compose.conftest import GATEWAYS
from tests.compose.load import Outcome, load
from tests.compose.project import ROOT, Project, docker, inspected

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

RELEASED = ROOT / "model" / "released"
IMAGE = "digitserve-torchserve:0.1.0"
CONNECTIONS = 32
SHARE = 0.7
CAPACITY_SECONDS = 5.0
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 3.0

WARMER = 1.5
"""The other version reads the same digits and is so much less sure: nobody's confidence is the other's."""

APART = 0.1
"""In the logarithm of how unsure an answer is: batches differ by less, versions by more."""


@pytest.fixture(scope="module")
def per_second(project: Project, known: list[Upload], new: Iterator[Upload]) -> float:
    """70 % of what is answered through the edge, of a load that waits for each answer."""
    wait_until(lambda: project.is_well("gateway") and project.is_well("torchserve"), 60, "all is well")
    with load(project.url, known, new, per_second=math.inf, connections=CONNECTIONS) as running:
        time.sleep(CAPACITY_SECONDS)
    assert all(outcome.right for outcome in running.outcomes)
    capacity = len(running.outcomes) / CAPACITY_SECONDS
    print(f"\ncapacity: {capacity:.0f} a second, nine in ten of them sent before")
    return SHARE * capacity


@pytest.fixture
def other_version(tmp_path: Path) -> Iterator[str]:
    """The image of TorchServe is of another version while a test lasts."""
    released = tmp_path / "released"
    released.mkdir()
    for file in RELEASED.iterdir():
        (released / file.name).write_bytes(file.read_bytes())
    facts = orjson.loads((RELEASED / "release.json").read_bytes())
    (released / "release.json").write_bytes(orjson.dumps({**facts, "temperature": facts["temperature"] * WARMER}))
    build_archive(released, tmp_path / "image" / "models")
    (tmp_path / "image" / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY models /models\n")
    before = inspected(IMAGE)["Id"]
    docker("build", "-t", IMAGE, str(tmp_path / "image"))
    try:
        yield fingerprint(released)
    finally:
        docker("tag", before, IMAGE)


def told(what: str, outcomes: list[Outcome], seconds: float, per_second: float) -> None:
    failed = [outcome for outcome in outcomes if not outcome.right]
    caches = Counter(outcome.answer.cache for outcome in outcomes if outcome.answer)
    print(f"\n{what}: {len(failed)} of {len(outcomes)} requests failed, {seconds:.0f} s at {per_second:.0f} a second, {dict(caches)}")
    print(*((f"{outcome.at:.2f}", outcome.status, outcome.known) for outcome in failed[:20]), sep="\n")


def variables(container: str) -> dict[str, str]:
    return dict(each.split("=", 1) for each in inspected(container)["Config"]["Env"])


def doubts(url: str, uploads: list[Upload]) -> dict[bytes, float]:
    """How unsure the model is of each, as a logarithm."""
    with closing(Gateway(url)) as gateway:
        return {upload.png: doubt(gateway.predict(upload.png)["confidence"]) for upload in uploads}


def doubt(confidence: float) -> float:
    return math.log(1 - confidence + 1e-9)


def test_gateways_are_replaced_one_by_one_and_nothing_fails(
    project: Project, known: list[Upload], new: Iterator[Upload], per_second: float
) -> None:
    before = set(project.containers("gateway"))
    with load(project.url, known, new, per_second=per_second, connections=CONNECTIONS) as running:
        time.sleep(BEFORE_SECONDS)
        began = time.monotonic()
        project.roll("gateways", GATEWAY_LOG_LEVEL="warning")
        seconds = time.monotonic() - began
        time.sleep(AFTER_SECONDS)
    told(f"{GATEWAYS} gateways replaced", running.outcomes, seconds, per_second)
    after = set(project.containers("gateway"))
    assert len(after) == GATEWAYS
    assert not after & before
    assert {variables(container)["GATEWAY_LOG_LEVEL"] for container in after} == {"warning"}
    assert all(outcome.right for outcome in running.outcomes)


def test_the_model_is_replaced_and_no_answer_is_of_another_version_than_it_says(
    project: Project, known: list[Upload], new: Iterator[Upload], per_second: float, other_version: str
) -> None:
    with closing(Gateway(project.url)) as gateway:
        version = gateway.predict(known[0].png)["model"]["version"]
    assert version != other_version
    doubted = {version: doubts(project.url, known)}
    with load(project.url, known, new, per_second=per_second, connections=CONNECTIONS) as running:
        time.sleep(BEFORE_SECONDS)
        began = time.monotonic()
        project.roll("model")
        over = time.monotonic()
        time.sleep(AFTER_SECONDS)
    told("the model replaced", running.outcomes, over - began, per_second)
    doubted[other_version] = doubts(project.url, known)
    assert not project.containers("torchserve-next")
    assert {variables(container)["GATEWAY_TORCHSERVE_URL"] for container in project.containers("gateway")} == {"http://torchserve:8080"}
    assert all(outcome.right for outcome in running.outcomes)

    answers = [(outcome, outcome.answer) for outcome in running.outcomes if outcome.answer]
    print({each: sum(answer.version == each for _, answer in answers) for each in doubted})
    assert {answer.version for _, answer in answers} == {version, other_version}
    assert {answer.version for outcome, answer in answers if outcome.at > over} == {other_version}
    assert sum(abs(doubted[version][each.png] - doubted[other_version][each.png]) > 2 * APART for each in known) > len(known) / 2
    for outcome, answer in answers:
        if outcome.known:
            assert abs(doubt(answer.confidence) - doubted[answer.version][outcome.upload.png]) < APART

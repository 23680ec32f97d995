import json
import os
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.embedded.candidate import Candidate
from gateway.embedded.child import Plan
from tests.gateway.torchserve_double import until

pytestmark = pytest.mark.anyio


class Deployed:
    """A folder for an archive, and what lives while it is there: a program that adds a line to a file when it starts."""

    def __init__(self, folder: Path, program: str) -> None:
        self.archive, self.starts, self.said = folder / "digits.mar", folder / "starts", list[str]()
        self.starts.touch()
        command = (sys.executable, "-c", f"print(file=open({str(self.starts)!r}, 'a')); import time; {program}")
        self.served: str | None = "served"
        plan = Plan("candidate", command, os.environ, grace_seconds=0.2)
        self.candidate = Candidate(plan, self.archive, self.tell_served, self.said.append)

    async def tell_served(self) -> str | None:
        return self.served

    def put(self, version: str) -> None:
        partial = self.archive.with_suffix(".partial")
        with zipfile.ZipFile(partial, "w") as content:
            content.writestr("MAR-INF/MANIFEST.json", json.dumps({"model": {"modelName": "digits", "modelVersion": version}}))
        partial.replace(self.archive)

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            await self.candidate.look()

    def started(self) -> int:
        return len(self.starts.read_text())


@pytest.fixture
async def deployed(tmp_path: Path) -> AsyncIterator[Deployed]:
    made = Deployed(tmp_path, "time.sleep(60)")
    yield made
    await made.candidate.stop()


async def test_nothing_runs_without_an_archive(deployed: Deployed) -> None:
    await deployed.look(3)
    assert deployed.said == []


async def test_an_archive_is_started_when_it_has_been_the_same_twice(deployed: Deployed) -> None:
    deployed.put("one")
    await deployed.look(1)
    assert deployed.said == []
    await deployed.look(1)
    await until(lambda: deployed.started() == 1)
    await deployed.look(2)
    assert len(deployed.said) == 1


async def test_another_archive_is_started_anew_and_none_ends_it(deployed: Deployed) -> None:
    deployed.put("one")
    await deployed.look()
    await until(lambda: deployed.started() == 1)
    deployed.put("another")
    await deployed.look()
    await until(lambda: deployed.started() == 2)
    deployed.archive.unlink()
    await deployed.look()
    assert deployed.said[-1] == "candidate ends: its archive is gone"
    assert deployed.candidate.life is None


@pytest.mark.parametrize("what", ["gone", "another"])
async def test_what_is_served_stays_whatever_happens_to_its_archive(deployed: Deployed, what: str) -> None:
    deployed.put("one")
    await deployed.look()
    await until(lambda: deployed.started() == 1)
    life, deployed.served = deployed.candidate.life, "one"
    if what == "gone":
        deployed.archive.unlink()
    else:
        deployed.put("another")
    await deployed.look(4)
    assert deployed.candidate.life is life
    settle = "settle that version first (monitoring/RUNBOOK.md, AccuracyBelowBaseline)"
    assert deployed.said[1:] == [f"candidate stays, for its version one is served, though its archive is {what}; {settle}"]
    deployed.served = "former"
    await deployed.look()
    assert deployed.candidate.life is not life


async def test_while_the_gateway_does_not_say_what_it_serves_nothing_is_ended(deployed: Deployed) -> None:
    deployed.put("one")
    await deployed.look()
    life, deployed.served = deployed.candidate.life, None
    deployed.archive.unlink()
    await deployed.look(4)
    assert life is not None
    assert deployed.candidate.life is life
    assert len(deployed.said) == 1


async def test_one_that_is_sick_is_started_again_with_the_reason(deployed: Deployed) -> None:
    deployed.put("one")
    await deployed.look()
    await until(lambda: deployed.started() == 1)
    await deployed.candidate.restart("had no worker READY for 30 s")
    await deployed.look(1)
    assert deployed.said[-1] == "candidate had no worker READY for 30 s; starting it again in 0.5 s"
    await deployed.look(1)
    await until(lambda: deployed.started() == 2)


async def test_what_ends_by_itself_is_started_again_later(tmp_path: Path) -> None:
    deployed = Deployed(tmp_path, "pass")
    deployed.put("one")
    await deployed.look()
    child = deployed.candidate.life
    assert child is not None
    await until(child.ended.done)
    await deployed.look(1)
    assert deployed.said[-1] == "candidate ended with exit code 0; starting it again in 0.5 s"
    await deployed.look(1)
    await until(lambda: deployed.started() == 2)
    await deployed.candidate.stop()

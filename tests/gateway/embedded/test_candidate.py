import os
import sys
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
        self.candidate = Candidate(Plan("candidate", command, os.environ, grace_seconds=0.2), self.archive, self.said.append)

    def put(self, content: str) -> None:
        partial = self.archive.with_suffix(".partial")
        partial.write_text(content)
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
    assert deployed.candidate._child is None


async def test_what_ends_by_itself_is_started_again_later(tmp_path: Path) -> None:
    deployed = Deployed(tmp_path, "pass")
    deployed.put("one")
    await deployed.look()
    child = deployed.candidate._child
    assert child is not None
    await until(child.ended.done)
    await deployed.look(1)
    assert deployed.said[-1] == "candidate ended with exit code 0; starting it again in 0.5 s"
    await deployed.look(1)
    await until(lambda: deployed.started() == 2)
    await deployed.candidate.stop()

"""What is free leaves the process, at once or in a while, and it goes on."""

import asyncio
import re
from pathlib import Path

import pytest

from gateway.device.memory import give_back, keep_tidy, trim

STATUS = Path("/proc/self/status")
of_linux = pytest.mark.skipif(not STATUS.exists(), reason="no other system tells")


def kilobytes(name: str) -> int:
    told = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1])


@of_linux
def test_code_and_free_memory_leave_and_the_process_goes_on() -> None:
    before = kilobytes("RssFile")
    give_back()
    assert kilobytes("RssFile") < before
    assert sorted(map(str, range(100)))[0] == "0"


@of_linux
def test_memory_that_is_free_between_what_is_used_leaves() -> None:
    pieces = [bytes(2_000) for _ in range(40_000)]  # each too small to leave by itself
    kept = pieces[::200]
    before = kilobytes("RssAnon")
    del pieces
    trim()
    assert kilobytes("RssAnon") < before - 30_000
    assert all(len(piece) == 2_000 for piece in kept)


@pytest.mark.anyio
async def test_it_is_done_again_and_again() -> None:
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    tidying = asyncio.create_task(keep_tidy(0.001, count))
    async with asyncio.timeout(10):
        while done < 3:
            await asyncio.sleep(0.001)
    tidying.cancel()

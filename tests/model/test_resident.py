import re
from pathlib import Path

import pytest
import torch

from model.resident import CODE, OF_LINUX, let_go_of_code

STATUS = Path("/proc/self/status")


def of_files_kilobytes() -> int:
    told = re.search(r"^RssFile:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1])


@pytest.mark.skipif(not OF_LINUX.exists(), reason="Linux tells of mappings, and no other system")
def test_code_that_nobody_needs_any_more_leaves_memory_and_what_is_needed_comes_back() -> None:
    before = torch.ones(8, 8) @ torch.ones(8, 8)
    held = of_files_kilobytes()
    let_go = let_go_of_code()
    assert let_go > 2**27
    assert of_files_kilobytes() < held / 2
    assert torch.equal(torch.ones(8, 8) @ torch.ones(8, 8), before)


def test_only_code_and_constants_of_files_that_nobody_wrote_to_are_told_of() -> None:
    code, patched, constants, relocated, swapped, data, nameless = (
        f"7f00{number}000-7f00{number + 1}000 {kind} 00000000 fe:00 12 {file}\nSize: 4 kB\nRss: 4 kB\nAnonymous: {own} kB\nLazyFree: 0 kB\n"
        f"Swap: {out} kB\nSwapPss: 0 kB\nVmFlags: rd\n"
        for number, (kind, file, own, out) in enumerate(
            [
                ("r-xp", "/lib/a.so", 0, 0),
                ("r-xp", "/lib/b.so", 4, 0),
                ("r--p", "/lib/a.so", 0, 0),
                ("r--p", "/lib/b.so", 8, 0),
                ("r--p", "/lib/c.so", 0, 4),
                ("rw-p", "/lib/a.so", 0, 0),
                ("r-xp", "[vdso]", 0, 0),
            ]
        )
    )
    told = patched + swapped + data + code + nameless + constants + relocated
    assert [each["start"] for each in CODE.finditer(told)] == ["7f000000", "7f002000"]


def test_where_no_mappings_are_told_of_nothing_is_let_go(tmp_path: Path) -> None:
    assert let_go_of_code(tmp_path / "smaps") == 0

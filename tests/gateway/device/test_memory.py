"""Only pages are given back that come again as they were."""

import pytest

from gateway.device.memory import SMAPS, give_back, trim, untouched

MAPPING = """\
{place} {permissions} 00000000 fe:00 1234                     {path}
Size:                 64 kB
Rss:                  64 kB
Anonymous:            {anonymous} kB
VmFlags: rd mr mw me
"""


def told(place: str = "7f0000000000-7f0000010000", permissions: str = "r-xp", path: str = "/usr/lib/libone.so", anonymous: int = 0) -> str:
    return MAPPING.format(place=place, permissions=permissions, path=path, anonymous=anonymous)


def test_code_of_libraries_is_given_back() -> None:
    both = told() + told("7f1000000000-7f1000001000", "r--p", "/a path/with spaces.so (deleted)")
    assert list(untouched(both.splitlines())) == [(0x7F0000000000, 0x7F0000010000), (0x7F1000000000, 0x7F1000001000)]


@pytest.mark.parametrize(
    "kept",
    [
        {"anonymous": 4},
        {"permissions": "rw-p"},
        {"permissions": "r--s"},
        {"permissions": "---p"},
        {"path": ""},
        {"path": "[vdso]"},
        {"path": "anon_inode:[io_uring]"},
    ],
    ids=str,
)
def test_what_was_changed_or_is_no_file_stays(kept: dict[str, object]) -> None:
    assert list(untouched(told(**kept).splitlines())) == []  # type: ignore[arg-type]


@pytest.mark.skipif(not SMAPS.exists(), reason="there is no such file but on Linux")
def test_this_process_goes_on_afterwards() -> None:
    before = resident()
    give_back()
    assert resident() < before
    trim()
    assert len({hash(str(number)) for number in range(1_000)}) == 1_000


def resident() -> int:
    """Bytes of files."""
    [line] = [line for line in SMAPS.with_name("status").read_text().splitlines() if line.startswith("RssFile:")]
    return 1024 * int(line.split()[1])

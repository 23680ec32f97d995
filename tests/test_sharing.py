"""Which tests stay in one process, and which of them come first."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.sharing import TOGETHER, group, put_in_order

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/stack/test_faults.py::test_it", "tests/stack"),
        ("tests/handler/test_serve.py::test_it[a/b::c]", "tests/handler"),
        ("tests/loadtests/load/test_load.py::test_it", "tests/loadtests/load/test_load.py"),
        ("tests/gateway/test_app.py::test_it[tests/stack]", "tests/gateway/test_app.py"),
        ("tests/test_house.py::test_it", "tests/test_house.py"),
    ],
)
def test_a_test_goes_with_its_file_or_with_a_folder_that_starts_much(nodeid: str, expected: str) -> None:
    assert group(nodeid) == expected


def test_those_folders_are_there() -> None:
    for folder in TOGETHER:
        assert list((ROOT / folder).glob("test_*.py")), f"{folder} has no tests"


def test_long_groups_come_first_and_all_else_as_it_was() -> None:
    files = ["tests/gateway/test_app.py", f"{TOGETHER[1]}/test_b.py", "tests/compose/test_file.py", f"{TOGETHER[0]}/test_a.py"]
    items: list[Any] = [SimpleNamespace(nodeid=f"{file}::test_it") for file in files]
    put_in_order(items)
    assert [item.nodeid.split("::")[0] for item in items] == [files[3], files[1], files[0], files[2]]

"""How processes share the suite (`pytest -n 2`): a file's tests stay in one, and so do a folder's that start much for all of them."""

from pathlib import PurePosixPath

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/stack",
    "tests/gateway/workers",
    "tests/handler",
    "tests/model/trust",
    "tests/model/renewal",
    "tests/gateway/embedded",
)
"""Folders whose fixtures would be paid for by each process, or which take longest. They begin in this order and before all else, so that
nobody waits for a long one at the end."""


def group(nodeid: str) -> str:
    """What stays in one process: the folder of TOGETHER that holds this test, or its file."""
    file = nodeid.split("::")[0]
    return next((folder for folder in TOGETHER if PurePosixPath(file).is_relative_to(folder)), file)


def put_in_order(items: list[pytest.Item]) -> None:
    """The groups of TOGETHER first, in place; else as they were."""
    places = {folder: place for place, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(group(item.nodeid), len(places)))


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Hands out whole groups, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # groups of most tests first: those are quick ones here

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)

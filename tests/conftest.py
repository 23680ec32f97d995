"""Fixtures that every room's tests may use, and how they are shared out where several processes run them."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController as Node

DIED = pytest.StashKey[bool]()
"""Whether one of several processes did."""


@pytest.fixture(scope="session")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released network of another name, which takes pictures of 32 x 32."""
    from tests.larger import write_larger  # torch takes seconds to import, and most tests do without

    return write_larger(tmp_path_factory.mktemp("larger"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One process alone keeps the order of the files."""
    if hasattr(config, "workerinput"):
        from tests.sharing import put_in_order

        put_in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> object:
    from tests.sharing import ByGroup

    return ByGroup(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "Node", error: object) -> None:
    if error is not None:
        node.config.stash[DIED] = True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that died with nothing left to run fails the run too."""
    if session.config.stash.get(DIED, False) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

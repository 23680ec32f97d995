"""What is missing is one line that names the command which brings it; what the project offers to install is what the runtimes need."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from model.edge.runtime import Levels, NotInstalled, Runtime
from model.edge.runtimes import RUNTIMES
from tests.model.edge.fakes import AbsentRuntime, FakeRuntime

ROOT = Path(__file__).parents[3]
NOWHERE = "no_such_module"


def without(runtime: Runtime) -> Runtime:
    """The same runtime on a machine that lacks what it reads with."""
    made: Runtime = type(f"Bare{type(runtime).__name__}", (type(runtime),), {"reads_with": (NOWHERE,)})()
    return made


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.name)
def test_without_its_packages_a_runtime_names_the_command(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(NotInstalled) as reading:
        without(runtime).open(tmp_path / "digits")
    with pytest.raises(NotInstalled) as writing:
        without(runtime).write(None, tmp_path / "digits", None, np.zeros((1, 28, 28), np.uint8))  # type: ignore[arg-type]
    for error, command in ((reading, runtime.install), (writing, runtime.install_to_write)):
        [line] = str(error.value).splitlines()
        assert line.endswith(command)
        assert NOWHERE in line
        assert runtime.title in line
    assert not list(tmp_path.iterdir())


def test_what_is_here_is_not_complained_of() -> None:
    FakeRuntime().need_to_read()
    FakeRuntime().need_to_write()
    assert set(FakeRuntime().versions()) == {"numpy"}
    assert AbsentRuntime().versions() == {}


def test_what_writing_needs_besides_is_asked_for_when_writing_alone() -> None:
    class Halfway(FakeRuntime):
        writes_with = (NOWHERE,)

    Halfway().need_to_read()
    with pytest.raises(NotInstalled, match="fake-converter"):
        Halfway().need_to_write()


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.name)
def test_the_extra_or_the_command_brings_every_package(runtime: Runtime) -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["edge"]
    assert {re.sub("_", "-", module) for module in runtime.reads_with} <= set(extra)
    brought = {*extra, *runtime.install_to_write.split(), "torchao"}  # which ExecuTorch asks for
    assert {re.sub("_", "-", module) for module in runtime.writes_with} <= brought


def test_no_edge_package_is_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["edge"]
    assert not re.search(rf"^({'|'.join(extra)})==", lock, re.MULTILINE)


def test_levels_say_themselves_in_words() -> None:
    assert str(Levels("min-max", "float32")) == "min-max, last layer in float32"
    assert len({str(levels) for levels in FakeRuntime.levels}) == 4

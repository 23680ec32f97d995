"""The handler is what TorchServe can load, says what it serves, computes as it is told to, and refuses an archive that is not whole."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import handler.digit_handler as module
from handler.digit_handler import FACTS, THREADS, DigitHandler
from model.compiled import Compiled
from tests.handler.asking import Ask, Context


@pytest.mark.parametrize("headers", [{"Content-Type": FACTS}, {"describe": "True"}])
def test_the_facts_are_told_to_whoever_asks(ask: Ask, folder: Path, headers: dict[str, Any]) -> None:
    (answer,), context = ask(({}, headers))
    facts = json.loads((folder / "facts.json").read_text())
    assert json.loads(answer) == {**facts, "arithmetic": ask.digits.classifier.arithmetic}
    assert context.statuses == {}


def test_the_module_defines_one_class_and_no_function_called_handle() -> None:
    """TorchServe refuses two classes, and would take a function of that name for the handler."""
    own = [name for name, member in vars(module).items() if isinstance(member, type) and member.__module__ == module.__name__]
    assert own == ["DigitHandler"]
    assert not hasattr(module, "handle")


def test_importing_the_handler_needs_neither_torchserve_nor_the_gateway() -> None:
    source = Path(module.__file__).read_text()
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= {"json", "logging", "os", "collections", "functools", "http", "pathlib", "typing", "numpy", "torch", "model"}


@pytest.fixture
def _torch_s_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_torch_s_threads")
@pytest.mark.parametrize(("told", "threads"), [(None, 1), ("2", 2)])
def test_it_computes_with_as_many_threads_as_it_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, told: str | None, threads: int
) -> None:
    if told is not None:
        monkeypatch.setenv(THREADS, told)
    digits = DigitHandler()
    digits.initialize(Context(folder, []))
    assert torch.get_num_threads() == threads
    if isinstance(digits.classifier, Compiled):
        assert digits.classifier.threads == min(threads, os.cpu_count() or 1)


def test_an_archive_without_its_weights_is_not_taken_into_service(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_bytes((folder / "facts.json").read_bytes())
    with pytest.raises(Exception, match=r"release\.json is missing"):
        DigitHandler().initialize(Context(tmp_path, []))

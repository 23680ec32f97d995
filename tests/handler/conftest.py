"""What handler tests share: a released network with random weights, its archive, a handler of it, and one TorchServe for the session."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from handler.digit_handler import DigitHandler
from model.export import CHECKOUT, build_archive
from model.network import build
from model.ranges import write_ranges
from tests.handler.asking import Ask, Context
from tests.handler.torchserve import TorchServe, serving


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    with torch.random.fork_rng():
        torch.manual_seed(11)
        torch.save(build("residual-flat").state_dict(), folder / "weights.pt")
    facts = {"model": "digits", "network": "residual-flat", "temperature": 1.5, "accept_threshold": 0.5}
    (folder / "release.json").write_text(json.dumps(facts))
    shutil.copy(CHECKOUT / "model/released/reference.json", folder)
    write_ranges(folder, np.random.default_rng(3).integers(0, 256, (64, 28, 28), np.uint8))
    return folder


@pytest.fixture(scope="session")
def store(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(released, tmp_path_factory.mktemp("store")).parent


@pytest.fixture(scope="session")
def folder(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(store / "digits.mar") as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="session")
def digits(folder: Path) -> DigitHandler:
    made = DigitHandler()
    made.initialize(Context(folder, []))
    return made


@pytest.fixture
def ask(digits: DigitHandler, folder: Path) -> Ask:
    return Ask(digits, folder)


@pytest.fixture(scope="session")
def torchserve(store: Path) -> Iterator[TorchServe]:
    with serving(store) as server:
        yield server

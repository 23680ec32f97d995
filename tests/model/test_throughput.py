"""A loop counts the pictures that it reads in batches of different ones, for as long as it is told."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.__main__ import main
from model.committed import RELEASED
from model.compiled import native, read_maxima
from model.inference import Classifier
from model.throughput import BATCH, throughput


class Watched(Classifier):
    """Tells what it is given, and says nothing."""

    def __init__(self) -> None:
        self.given: list[NDArray[np.uint8]] = []

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.given.append(pixels)
        return np.zeros((len(pixels), 10), np.float32)


def test_each_batch_is_of_different_pictures_and_counted_once_warm() -> None:
    network = Watched()
    told = throughput(network, 0.05)
    warm_up = len(network.given) - told["pictures"] // BATCH
    assert 1 <= warm_up < 10
    assert all(len({picture.tobytes() for picture in batch}) == BATCH for batch in itertools.islice(network.given, 20))
    assert 0.05 <= told["seconds"] < 5
    assert told["p50_ms"] <= told["p95_ms"] <= told["p99_ms"]


def test_the_command_prints_what_the_served_network_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["throughput", "--seconds", "0.1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["native"] == native(read_maxima(RELEASED))
    assert told["arithmetic"] in told["native"]
    assert told["pictures"] >= BATCH
    assert told["processor_seconds"] > 0


def test_without_a_network_one_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["throughput", "--released", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m model throughput: ")
    assert str(tmp_path) in line

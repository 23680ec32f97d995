"""Times are taken on one thread, for each batch size, and on a machine with a name."""

import numpy as np
import torch
from numpy.typing import NDArray

from model.latency import cpu_latency, machine, one_thread
from model.timing import processor


def test_every_batch_size_is_timed_on_one_thread() -> None:
    seen: list[tuple[tuple[int, ...], int]] = []

    def logits(pixels: NDArray[np.uint8]) -> None:
        seen.append((pixels.shape, torch.get_num_threads()))

    report = cpu_latency(logits, {1: 5, 64: 3})
    assert set(seen) == {((1, 28, 28), 1), ((64, 28, 28), 1)}
    assert [(row["batch"], row["runs"]) for row in report["batches"]] == [(1, 5), (64, 3)]
    assert all(0 < row["median_ms"] <= row["p95_ms"] for row in report["batches"])
    assert report["processor"] == processor() != ""


def test_the_number_of_threads_is_put_back() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_a_machine_says_how_busy_it_was() -> None:
    told = machine()
    assert told["load_average"] >= 0
    assert told["torch"] == torch.__version__

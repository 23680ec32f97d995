"""The loop's figures are a picture's, under the name of what its processor can do."""

import pytest

from loadtests.bench.network import run_told
from loadtests.bench.workloads import NETWORK, NETWORK_BF16

TOLD = {
    "native": ["int8", "float32"], "arithmetic": "int8", "batch": 16, "pictures": 32_000, "seconds": 2.0, "processor_seconds": 1.6,
    "p50_ms": 1.0, "p95_ms": 1.2, "p99_ms": 1.5,
}  # fmt: skip


def test_rate_and_processor_are_of_pictures() -> None:
    seen = run_told(TOLD, 3)
    assert (seen.round, seen.answers, seen.per_second) == (3, 32_000, 16_000)
    assert seen.processor_us == pytest.approx(50)
    assert seen.cell.server == "int8, batches of 16"


def test_the_workload_tells_of_native_bf16() -> None:
    assert run_told(TOLD, 0).cell.workload == NETWORK
    assert run_told(TOLD | {"native": ["int8", "bfloat16", "float32"]}, 0).cell.workload == NETWORK_BF16

"""BentoML with adaptive batching and, as its documentation has it, a worker a core; base64 in JSON, since no raw bodies are batched."""

import base64
import os
import sys
from pathlib import Path
from typing import Any

import bentoml

from loadtests.bench.rivals.environment import HOST, NETWORK, PORT
from loadtests.bench.rivals.network import LARGEST_BATCH, Network, decoded

PATIENT_MS = 10_000
"""What it expects to answer later than that it refuses. It is no time that anything waits."""

QUIET: dict[str, Any] = {"logging": {"access": {"enabled": False}}, "metrics": {"enabled": False}, "monitoring": {"enabled": False}}


@bentoml.service(workers=os.cpu_count() or 1, **QUIET)
class Digits:
    """`{"images": ["<base64>"]}` in, a list of JSON back."""

    def __init__(self) -> None:
        self.network = Network.given()

    @bentoml.api(batchable=True, max_batch_size=LARGEST_BATCH, max_latency_ms=PATIENT_MS)  # type: ignore[untyped-decorator]
    def predict(self, images: list[str]) -> list[dict[str, Any]]:
        return self.network.read(decoded([base64.b64decode(image) for image in images]))


if __name__ == "__main__":
    home = Path(os.environ[NETWORK]).with_name("bentoml")
    own = {"BENTOML_HOME": str(home), "PROMETHEUS_MULTIPROC_DIR": str(home / "prometheus")}
    command = ["-m", "bentoml", "serve", "loadtests.bench.rivals.bento:Digits", "--host", HOST, "--port", os.environ[PORT]]
    os.execve(sys.executable, [sys.executable, *command], os.environ | own)

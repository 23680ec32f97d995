"""LitServe with batching and, as its documentation has it, a worker a core; base64 in JSON, since it hands a handler no raw body.

Its `fast_queue` was tried and is no faster here.
"""

import base64
import os
from typing import Any

import litserve
import numpy as np
from numpy.typing import NDArray

from loadtests.bench.rivals.environment import HOST, PORT
from loadtests.bench.rivals.network import LARGEST_BATCH, Network, decoded

BATCH_SECONDS = 0.002


class Digits(litserve.LitAPI):  # type: ignore[misc]
    """`{"image": "<base64>"}` in, JSON back."""

    def setup(self, device: str) -> None:
        self.network = Network.given()

    def decode_request(self, request: dict[str, str]) -> bytes:
        return base64.b64decode(request["image"])

    def batch(self, inputs: list[bytes]) -> NDArray[np.uint8]:
        return decoded(inputs)

    def predict(self, pictures: NDArray[np.uint8]) -> list[dict[str, Any]]:
        return self.network.read(pictures)

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    digits = Digits(max_batch_size=LARGEST_BATCH, batch_timeout=BATCH_SECONDS)
    server = litserve.LitServer(digits, accelerator="cpu", workers_per_device=os.cpu_count() or 1)
    server.run(host=HOST, port=int(os.environ[PORT]), log_level="warning", generate_client_file=False)

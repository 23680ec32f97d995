"""Ray Serve with batching and, as by default, one replica: two were tried and are slower here. The picture itself is the body.

Ray tells the world nothing, and all of it listens on loopback alone.
"""

import os
import signal
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray._private import ray_constants
from ray.serve._private import replica
from ray.serve.schema import LoggingConfig
from starlette.requests import Request
from starlette.responses import JSONResponse

from loadtests.bench.rivals.environment import HOST, NETWORK, PORT
from loadtests.bench.rivals.network import LARGEST_BATCH, Network, decoded

BATCH_SECONDS = 0.002
WAITING = 1_000
"""As many requests as may be under way: the default, 5, would keep batches small."""
QUIET = LoggingConfig(enable_access_log=False)
OBJECT_STORE_BYTES = 100 << 20
"""Nothing here is put into it."""


class Digits:
    """A PNG in the body, JSON back."""

    def __init__(self) -> None:
        listen_on_loopback()
        self.network = Network.given()

    async def __call__(self, request: Request) -> JSONResponse:
        return JSONResponse(await self.read(await request.body()))

    @serve.batch(max_batch_size=LARGEST_BATCH, batch_wait_timeout_s=BATCH_SECONDS)  # type: ignore[untyped-decorator]
    async def read(self, pictures: list[bytes]) -> list[dict[str, Any]]:
        return self.network.read(decoded(pictures))


def listen_on_loopback() -> None:
    """A replica's server for other deployments would listen everywhere, and takes pickles. There is no option."""
    add_port = replica.add_port_to_grpc_server
    replica.add_port_to_grpc_server = lambda server, address: add_port(server, address.replace("[::]", HOST))


if __name__ == "__main__":
    # else it takes the address of a network interface and listens on all of them; on macOS it never does
    ray_constants.ENABLE_RAY_CLUSTER = False
    ray.init(
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=OBJECT_STORE_BYTES,
        _temp_dir=str(Path(os.environ[NETWORK]).with_name("ray")),
    )
    serve.start(http_options={"host": HOST, "port": int(os.environ[PORT])}, logging_config=QUIET)
    digits = serve.deployment(Digits, max_ongoing_requests=WAITING)
    serve.run(digits.bind(), route_prefix="/predict", logging_config=QUIET)
    signal.sigwait({signal.SIGTERM})
    ray.shutdown()

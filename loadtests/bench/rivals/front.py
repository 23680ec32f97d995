"""The server program of the rivals in FastAPI and of the ceilings: uvicorn as fast as it gets, one process, the same as the gateway's."""

import os
from typing import Any

import uvicorn

from loadtests.bench.rivals.environment import HOST, PORT


def serve(application: Any) -> None:
    """Until it is told to stop."""
    uvicorn.run(
        application,
        host=HOST,
        port=int(os.environ[PORT]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        backlog=2_048,
    )

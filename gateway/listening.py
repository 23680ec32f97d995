"""How uvicorn listens for an application of ours, whichever it is, and what a process does before it serves."""

import gc
import logging

import uvicorn
from starlette.types import ASGIApp

from gateway.prompt import Answering, PromptProtocol
from gateway.routes.predict import PATH

KEEPALIVE_SECONDS = 30
"""Longer than usual clients keep a connection, so that it is they who close it."""

BACKLOG = 2_048
COLLECTED_AFTER = (20_000, 20, 50)
"""Objects more than at the last look, and looks at the young ones before one at older ones: Python's own are 700, 10 and 10."""

DRAIN_SECONDS = 3
"""Longer than the default deadline of a request."""


def listening(app: ASGIApp, plain: Answering, host: str, port: int) -> uvicorn.Config:
    """For a server of `app`, which asks `plain` first."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=PromptProtocol.of(PATH, plain),
        access_log=False,
        log_config=None,  # its lines go where all go
        log_level=logging.root.level,
        server_header=False,
        proxy_headers=False,  # nothing here asks where a request came from
        timeout_keep_alive=KEEPALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )


def spare_the_collector() -> None:
    """What is loaded by now stays, and requests leave no cycles: looking through all of it again and again would be for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)

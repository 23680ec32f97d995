"""One gateway process: uvicorn around the application, on the address of the settings, until it is told to stop."""

import gc
import logging
import socket
from pathlib import Path

import uvicorn
from prometheus_client import disable_created_metrics

from gateway.app import create_app
from gateway.leaving import LeavingServer
from gateway.logs import set_up
from gateway.place import Place
from gateway.prompt import PromptProtocol
from gateway.routes.predict import PATH
from gateway.settings import PREFIX, Settings, SettingsError
from model.preprocess import keep_to_one_thread

KEEPALIVE_SECONDS = 30
"""Longer than usual clients keep a connection, so that it is they who close it."""

BACKLOG = 2_048
COLLECTED_AFTER = (20_000, 20, 50)
"""Objects more than at the last look, and looks at the young ones before one at older ones: Python's own are 700, 10 and 10."""

DRAIN_SECONDS = 3
"""Longer than the default deadline of a request."""


def serve(settings: Settings, *, sockets: list[socket.socket] | None = None, siblings: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Raises SettingsError when a setting cannot be used.

    One of several processes is given the sockets to listen on, bound, and the folder that it shares with its siblings.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nothing here asks for
    set_up(settings.log_level, settings.log_format)
    app = create_app(settings, siblings=siblings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=PromptProtocol.of(PATH, app.plain),
        access_log=False,
        log_config=None,  # its lines go where all go
        log_level=logging.root.level,
        server_header=False,
        proxy_headers=False,  # nothing here asks where a request came from
        timeout_keep_alive=KEEPALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
    server = uvicorn.Server(config) if settings.sockets is None else LeavingServer(config, _place(settings.sockets), app.lifecycle.drain)
    keep_to_one_thread()
    spare_the_collector()
    server.run(sockets)


def spare_the_collector() -> None:
    """What is loaded by now stays, and requests leave no cycles: looking through all of it again and again would be for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def _place(folder: Path) -> Place:
    try:
        return Place(folder)
    except OSError as error:
        raise SettingsError(f"{PREFIX}SOCKETS: no socket can be made in {folder} ({error.strerror or error})") from error

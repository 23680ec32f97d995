"""One gateway process: uvicorn around the application, on the address of the settings, until it is told to stop."""

import socket
from pathlib import Path

import uvicorn
from prometheus_client import disable_created_metrics

from gateway.app import create_app
from gateway.leaving import LeavingServer
from gateway.listening import listening, spare_the_collector
from gateway.logs import set_up
from gateway.place import Place
from gateway.settings import PREFIX, Settings, SettingsError
from model.preprocess import keep_to_one_thread


def serve(settings: Settings, *, sockets: list[socket.socket] | None = None, siblings: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Raises SettingsError when a setting cannot be used.

    One of several processes is given the sockets to listen on, bound, and the folder that it shares with its siblings.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nothing here asks for
    set_up(settings.log_level, settings.log_format)
    app = create_app(settings, siblings=siblings)
    config = listening(app, app.plain, settings.host, settings.port)
    server = uvicorn.Server(config) if settings.sockets is None else LeavingServer(config, _place(settings.sockets), app.lifecycle.drain)
    keep_to_one_thread()
    spare_the_collector()
    server.run(sockets)


def _place(folder: Path) -> Place:
    try:
        return Place(folder)
    except OSError as error:
        raise SettingsError(f"{PREFIX}SOCKETS: no socket can be made in {folder} ({error.strerror or error})") from error

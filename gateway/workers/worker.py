"""One of several gateways behind one port, `python -m gateway.workers.worker PLACE`: started by their parent, which tells it the folder."""

import os
import socket
import sys
from pathlib import Path

from gateway.merging import FOLDER, join
from gateway.server import serve
from gateway.settings import Settings, SettingsError, read_settings
from gateway.workers.port import shared


def main(arguments: list[str]) -> int:
    """The exit code. What a user can cause ends in one line on standard error."""
    folder = Path(os.environ[FOLDER])
    join(folder, int(arguments[0]))
    try:
        settings = read_settings()
        serve(settings, sockets=_sockets(settings), siblings=folder)
    except SettingsError as error:
        print(f"digitserve: {error}", file=sys.stderr)
        return 1
    return 0


def _sockets(settings: Settings) -> list[socket.socket]:
    try:
        return shared(settings.host, settings.port)
    except OSError as error:
        raise SettingsError(f"cannot listen on port {settings.port} of {settings.host} ({error.strerror})") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The place of one gateway process in the folder that gateways share with an edge: a socket there, N.sock, of the lowest number not taken.

Who comes after one that ended has its number, also where that was killed, so the edge has nobody to look for.
"""

import socket
from itertools import count
from pathlib import Path

from gateway.turn import Turn


class Place:
    """Ours until this process ends. The socket is bound, and refuses until it is listened on."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder cannot be used."""
        for number in count(1):
            self._turn = Turn(folder / f"{number}.lock")
            if self._turn.take():
                break
        self.path = folder / f"{number}.sock"
        self.path.unlink(missing_ok=True)  # who had it was killed
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(str(self.path))
            self.path.chmod(0o666)  # the edge is another user; who may ask is who may enter the folder
        except BaseException:
            self.socket.close()
            raise

    def leave(self) -> None:
        """Nobody finds the socket any more; who is connected stays so."""
        self.path.unlink(missing_ok=True)

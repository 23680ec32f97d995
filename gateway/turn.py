"""What only one of several processes may do: the turn is a locked file, and whoever dies gives it up."""

import fcntl
import os
from pathlib import Path


class Turn:
    """At most one process has the turn of a file. Without a file there is nobody else, so it is always ours."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._held: int | None = None

    def take(self) -> bool:
        """Whether it is ours, from now on if nobody else has it."""
        if self._file is None or self._held is not None:
            return True
        held = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        self._held = held
        return True

    def give_up(self) -> None:
        """It is anybody's; nothing happens where it is not ours."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

"""What keeps the embedded run from starting and what a user can do about it, in one line."""

from collections.abc import Sequence


class CannotStart(Exception):
    """One line for the user; `last_lines` are the log's, where a child is to blame."""

    def __init__(self, message: str, last_lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.last_lines = tuple(last_lines)

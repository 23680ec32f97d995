"""Whether a process starts, serves or drains, for whoever asks whether to send it anything."""

from typing import Literal


class Lifecycle:
    """Whether this process starts, serves or drains."""

    def __init__(self) -> None:
        self.state: Literal["starting", "serving", "draining"] = "starting"

    def drain(self) -> None:
        """Nothing new is to be sent here; what comes is still answered."""
        self.state = "draining"

"""What comes up in one turn of the event loop, done step by step for all of it, so that each step's code stays in the processor's caches.

One thing after another through every step, calls into the system between them, takes up to a fifth longer.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVarTuple

log = logging.getLogger(__name__)

Arguments = TypeVarTuple("Arguments")


class Together(Generic[*Arguments]):
    """Calls of `step` that wait for each other until the event loop's next turn; then they run in their order. For one event loop.

    What one of them raises is logged, and the others run.
    """

    def __init__(self, step: Callable[[*Arguments], object]) -> None:
        self._step = step
        self._waiting: list[tuple[*Arguments]] = []

    def add(self, *arguments: *Arguments) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.run)
        self._waiting.append(arguments)

    def run(self) -> None:
        """Run those that wait, now."""
        waiting, self._waiting = self._waiting, []
        for arguments in waiting:
            try:
                self._step(*arguments)
            except Exception:  # whoever added it has gone on, and the others are no part of its fault
                log.exception("one of the calls that waited for each other failed")

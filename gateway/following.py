"""Stages of a rollout reach this process within a second: they are read again and again, off the request path."""

import logging
from collections.abc import Mapping

from gateway.again import again_and_again
from gateway.records.stages import StageReader
from gateway.records.store import RecordsUnavailable
from gateway.versions import ModelWatch

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.4
"""Half a millisecond each, in a thread."""


class StageWatch:
    """Tells each model's watch the newest stage. While the records cannot be read, the last one holds."""

    def __init__(self, reader: StageReader, watches: Mapping[str, ModelWatch]) -> None:
        self._reader, self._watches = reader, watches
        self._failure: str | None = None

    async def run(self) -> None:
        """Look for ever, whatever a look raises: a rollback has to be heard of when all is well again."""
        await again_and_again(self.look, LOOK_SECONDS, _failed)

    async def look(self) -> None:
        """Read once."""
        try:
            stages, failure = await self._reader.newest(), None
        except RecordsUnavailable as error:
            stages, failure = {}, str(error)
        if failure is not None and self._failure is None:
            log.info("the stage of rollouts cannot be read, the last one holds: %s", failure)
        self._failure = failure
        for model, stage in stages.items():
            if (watch := self._watches.get(model)) is not None:
                watch.follow(stage)

    def close(self) -> None:
        self._reader.close()


def _failed(error: Exception, in_a_row: int) -> None:
    if in_a_row == 1:
        log.error("looking for the stage of rollouts failed, the last one holds; trying again", exc_info=error)

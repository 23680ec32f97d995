"""Where a rollout stands, by the database of records: what all gateways share, outlives them all, and may be out of reach for a while.

There and not in Redis, which here keeps nothing on disk and may be emptied, nor in a file, which replicas don't share. Writing goes as all
records do: into a SQLite file only through the one process that writes it.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from sqlalchemy import Engine, func, select
from sqlalchemy.engine import URL

from gateway.records.batch import Batch
from gateway.records.reader import reading_engine
from gateway.records.store import DRIVER_ERRORS, RecordsUnavailable, Sink, in_a_line
from gateway.records.tables import stages
from gateway.stage import Stage, StageRefused

_NEWEST = select(stages.c.model, func.max(stages.c.number).label("number")).group_by(stages.c.model).subquery()
NEWEST = select(stages).join(_NEWEST, (stages.c.model == _NEWEST.c.model) & (stages.c.number == _NEWEST.c.number))

PATIENCE_SECONDS = 2.0
"""How long a database is tried that cannot be written."""

PAUSE_SECONDS = 0.05


class StageReader:
    """Reads in a thread and over a connection of its own: audits that take long keep no rollback waiting."""

    def __init__(self, url: URL) -> None:
        self._engine = reading_engine(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stage-reader")

    async def newest(self) -> dict[str, Stage]:
        """By model, of those that were ever rolled out. Raises RecordsUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _newest, self._engine)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()


def read_stage(url: URL, model: str) -> Stage:
    """Where this model stands now. Raises RecordsUnavailable."""
    engine = reading_engine(url)
    try:
        return _newest(engine).get(model, Stage.first(model))
    finally:
        engine.dispose()


def write_stage(open_sink: Callable[[], Sink], url: URL, stage: Stage, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Make this the newest. Raises RecordsUnavailable, and StageRefused where somebody else made a change meanwhile.

    Telling it twice is telling it once, so it is told again while one process takes another's place as the writer.
    """
    until = time.monotonic() + patience_seconds
    while True:
        try:
            with closing(open_sink()) as sink:
                sink.write(Batch(stages=[stage]))
            break
        except RecordsUnavailable:
            if time.monotonic() >= until:
                raise
            time.sleep(PAUSE_SECONDS)
    if read_stage(url, stage.model) != stage:
        raise StageRefused("somebody else changed the rollout at this moment; `status` says how it stands")


def _newest(engine: Engine) -> dict[str, Stage]:
    try:
        with engine.connect() as connection:
            return {row.model: Stage(*row) for row in connection.execute(NEWEST)}
    except DRIVER_ERRORS as error:
        raise RecordsUnavailable(in_a_line(error)) from error

"""The parent of several gateways: it answers nothing itself, starts again a worker that ends, and leaves none behind, however it ends.

The server's own supervisor of workers is not used: its workers share one socket, outlive a parent that is killed, and are started again
at once and for ever where none of them can start.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gateway.embedded.child import Plan, in_words
from gateway.embedded.failure import CannotStart
from gateway.embedded.first import first_of
from gateway.embedded.interruption import interruption
from gateway.embedded.ports import check_front
from gateway.embedded.supervisor import Supervisor
from gateway.leaving import LEAVE_SECONDS
from gateway.logs import set_up
from gateway.merging import FOLDER, leave
from gateway.settings import Settings
from gateway.workers.folder import shared_folder
from gateway.workers.port import reserved

log = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-m", "gateway.workers.worker")

GRACE_SECONDS = 4.0
"""A little more than a worker gives to what is in flight, and then to records that are not written yet; an edge is left before."""

SAID_ITSELF = in_words("exit 1")
"""How a worker ends that has told its user why in one line."""


def serve_together(settings: Settings, worker_command: Sequence[str] = WORKER_COMMAND) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP, then finish what is in flight. The exit code: 0, or 1 where no worker can serve."""
    set_up(settings.log_level, settings.log_format)
    say = log.warning if settings.log_format == "json" else _say
    try:
        return asyncio.run(_serve(settings, worker_command, say))
    except CannotStart as error:
        say(f"digitserve: {error}")
    except OSError as error:  # a full disk, a state folder that may not be written to
        say(f"digitserve: cannot run: {error}")
    return 1


async def _serve(settings: Settings, worker_command: Sequence[str], say: Callable[[str], None]) -> int:
    check_front(settings.host, settings.port)
    with reserved(settings.host, settings.port), shared_folder(settings.state_dir) as folder:
        grace_seconds = GRACE_SECONDS + (0.0 if settings.sockets is None else LEAVE_SECONDS)
        plans = [_plan(worker_command, place, folder, grace_seconds) for place in range(1, settings.workers + 1)]
        workers = [Supervisor([plan], say) for plan in plans]

        def kill() -> None:
            for worker in workers:
                worker.kill()

        with interruption(again=kill) as interrupted:
            try:
                workers[0].start()
                await first_of(interrupted.wait(), workers[0].first_death(), _until_it_listens(settings.front_url))
                if not interrupted.is_set():  # what keeps one from starting would have kept all, and was said once
                    for worker in workers[1:]:
                        worker.start()
                    await first_of(interrupted.wait(), *(worker.keep() for worker in workers))
            except CannotStart:
                if workers[0].child(plans[0].name).ended.result() == SAID_ITSELF:
                    return 1
                raise
            finally:
                await asyncio.gather(*(worker.stop() for worker in workers))
    return 0


def _plan(command: Sequence[str], place: int, folder: Path, grace_seconds: float) -> Plan:
    environment = {**os.environ, FOLDER: str(folder)}
    forget = partial(leave, folder, place)
    return Plan(f"worker {place}", [*command, str(place)], environment, grace_seconds=grace_seconds, after=forget)


async def _until_it_listens(url: str) -> None:
    address = urlsplit(url)
    while True:
        with contextlib.suppress(OSError):
            _, connection = await asyncio.open_connection(address.hostname, address.port)
            connection.close()
            with contextlib.suppress(OSError):
                await connection.wait_closed()
            return
        await asyncio.sleep(0.05)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; workers still have to be ended in order
        print(line, file=sys.stderr, flush=True)

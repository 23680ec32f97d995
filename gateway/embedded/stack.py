"""The embedded run: Redis, TorchServe and the gateway as children of one process, up together and gone together."""

import asyncio
import contextlib
import shlex
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import httpx

from gateway.embedded import probes
from gateway.embedded.candidate import Candidate
from gateway.embedded.embedding import Embedding
from gateway.embedded.failure import CannotStart
from gateway.embedded.first import first_of
from gateway.embedded.folder import failed_folder
from gateway.embedded.health import RestartJudge, Watched, watch_model
from gateway.embedded.interruption import interruption
from gateway.embedded.plans import Plans, make_plans
from gateway.embedded.supervisor import Supervisor
from gateway.embedded.torchserve import MODEL
from gateway.embedded.torchserve import NAME as TORCHSERVE

GATEWAY_COMMAND = (sys.executable, "-m", "gateway", "serve")
FIRST_START_SECONDS = 120.0
"""After which a start with a TorchServe of our own is given up."""
PATIENCE_SECONDS = 15.0
"""After which, each time, a user is told what is waited for."""


def run(embedding: Embedding, gateway_command: Sequence[str] = GATEWAY_COMMAND) -> int:
    """Start everything, serve until SIGINT, SIGTERM or SIGHUP, leave nothing behind. The exit code: 0, or 1 where it cannot serve."""
    archives_beside = tuple(archive.resolve() for archive in embedding.archives_beside)
    embedding = replace(
        embedding, state_dir=embedding.state_dir.resolve(), archive=embedding.archive.resolve(), archives_beside=archives_beside
    )
    try:
        return asyncio.run(_run(embedding, gateway_command))
    except CannotStart as error:
        _say(f"digitserve: {error}", sys.stderr)
        for line in error.last_lines:
            _say(f"    {line}", sys.stderr)
        if error.last_lines:
            _say(f"all logs of this run are in {failed_folder(embedding.state_dir)}", sys.stderr)
    except OSError as error:  # a full disk, a file of the checkout that is gone
        _say(f"digitserve: cannot run: {error}", sys.stderr)
    return 1


async def _run(embedding: Embedding, gateway_command: Sequence[str]) -> int:
    with contextlib.ExitStack() as folders:
        plans = make_plans(embedding, gateway_command, folders)
        async with probes.client() as http:
            await _keep(embedding, plans, http)
    return 0


async def _keep(embedding: Embedding, plans: Plans, http: httpx.AsyncClient) -> None:
    supervisor = Supervisor(plans.children, _say)
    served = partial(probes.model_version, http, embedding.front_url)
    candidate = None if plans.candidate is None else Candidate(plans.candidate, embedding.candidate_archive, served, _say)

    def kill() -> None:
        supervisor.kill()
        if candidate is not None:
            candidate.kill()

    with interruption(again=kill) as interrupted:
        keeping = None if candidate is None else asyncio.create_task(candidate.keep())
        try:
            supervisor.start()
            await _serve(embedding, plans, supervisor, candidate, http, interrupted)
        finally:
            await supervisor.stop()
            if keeping is not None and candidate is not None:
                keeping.cancel()
                await asyncio.wait([keeping])
                await candidate.stop()


async def _serve(
    embedding: Embedding,
    plans: Plans,
    supervisor: Supervisor,
    candidate: Candidate | None,
    http: httpx.AsyncClient,
    interrupted: asyncio.Event,
) -> None:
    await first_of(interrupted.wait(), supervisor.first_death(), _until_ready(embedding.front_url, plans, supervisor, http))
    if interrupted.is_set():
        return
    for name, url in (("redis", plans.redis_url), ("torchserve", plans.torchserve_url)):
        if url is not None:
            _say(f"{name} is at {url}")
    for each in plans.beside:
        _say(f"{each.child} is at {each.inference_url}")
    version = await probes.model_version(http, embedding.front_url)
    _say(f"digitserve is serving on {embedding.front_url}{f' (model {version})' if version else ''}")
    _say(f"try: curl -s --data-binary @{shlex.quote(_shown(embedding.sample))} {embedding.front_url}/v1/predict")
    for each in plans.beside:
        version = await probes.model_version(http, embedding.front_url, each.model)
        _say(f"{each.model} answers at {embedding.front_url}/v1/predict?model={each.model}{f' (model {version})' if version else ''}")
    working: list[Coroutine[Any, Any, Any]] = [interrupted.wait(), supervisor.keep()]
    for watched in _watched(plans, supervisor, candidate):
        working.append(watch_model(RestartJudge(time.monotonic), watched, http, embedding.front_url))
    await first_of(*working)


def _watched(plans: Plans, supervisor: Supervisor, candidate: Candidate | None) -> list[Watched]:
    """Every TorchServe of ours, each with a judge of its own."""
    own = [] if plans.management_url is None else [(TORCHSERVE, plans.management_url, MODEL)]
    own += [(each.child, each.management_url, each.model) for each in plans.beside]
    watched = [Watched(partial(supervisor.child, name), partial(supervisor.restart, name), url, model) for name, url, model in own]
    if candidate is not None and plans.candidate_management_url is not None:
        watched.append(Watched(lambda: candidate.life, candidate.restart, plans.candidate_management_url, is_first=False))
    return watched


async def _until_ready(gateway_url: str, plans: Plans, supervisor: Supervisor, http: httpx.AsyncClient) -> None:
    start = told = time.monotonic()
    while True:
        said = await probes.readiness(http, gateway_url)
        if said is not None and said.ready and not any(said.model_complaint(each.model) for each in plans.beside):
            return
        now = time.monotonic()
        missing = "the gateway does not answer" if said is None else "; ".join(f"{name}: {why}" for name, why in said.complaints.items())
        late = _late(plans, said)
        if late is not None and now - start > FIRST_START_SECONDS:
            log = supervisor.child(late).plan.last_lines()
            raise CannotStart(f"not ready after {FIRST_START_SECONDS:g} s ({missing})", log)
        if now - told > PATIENCE_SECONDS:
            told = now
            _say(f"still starting ({missing})")
        await asyncio.sleep(0.1)


def _late(plans: Plans, said: probes.Readiness | None) -> str | None:
    """The TorchServe of ours that is waited for; None: another's is."""
    if plans.torchserve_url is not None and (said is None or not said.ready):
        return TORCHSERVE
    return next((each.child for each in plans.beside if said is None or said.model_complaint(each.model)), None)


def _shown(path: Path) -> str:
    """As short as it works from the working folder."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path.resolve())


def _say(line: str, to: TextIO | None = None) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; children still have to be ended in order
        print(line, file=to, flush=True)

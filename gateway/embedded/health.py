"""When TorchServe must be started again though its process lives: a worker that it gave up, or a model that no longer answers right."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from gateway.embedded import probes
from gateway.embedded.child import Child
from gateway.embedded.torchserve import MODEL

PAUSE_SECONDS = 2.0
"""Between two looks at the model."""


@dataclass(frozen=True)
class Limits:
    """How long each complaint may last before TorchServe is restarted."""

    not_ready_seconds: float = 30.0
    """No worker READY, or no answer from management."""
    unpredicting_seconds: float = 45.0
    """The gateway cannot get a right prediction. Longer, for TorchServe replaces a frozen worker by itself."""
    starting_seconds: float = 120.0
    """From a start to the first worker that is READY."""


@dataclass(frozen=True)
class Watched:
    """A TorchServe of ours: its present life, how it is ended to be started again and why, where management is, and its model."""

    life: Callable[[], Child | None]
    restart: Callable[[str], Awaitable[None]]
    management_url: str
    model: str = MODEL
    is_first: bool = True
    """Whether the gateway's complaints are about this one while it serves no version yet."""


class RestartJudge:
    """Weighs what management and the gateway say of the model, observation by observation. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float], limits: Limits = Limits()) -> None:
        self._now = now
        self._limits = limits
        self.started()

    def started(self) -> None:
        """TorchServe was started; nothing that was seen before counts."""
        self._start = self._now()
        self._last_ready: float | None = None
        self._answered = False
        self._unpredicting_since: float | None = None
        self._complaint: str | None = None

    def saw_workers(self, ready: int | None) -> None:
        """What management said: how many workers are READY; None: it did not answer."""
        self._answered = ready is not None
        if ready:
            self._last_ready = self._now()

    def saw_gateway(self, complaint: str | None) -> None:
        """What the gateway said of the model: a reason why it cannot predict; None: it can."""
        self._complaint = complaint
        if complaint is None:
            self._unpredicting_since = None
        elif self._unpredicting_since is None and self._last_ready is not None:
            self._unpredicting_since = self._now()

    def verdict(self) -> str | None:
        """Why TorchServe must be restarted; None: it must not."""
        now = self._now()
        if self._last_ready is None:
            if now - self._start > self._limits.starting_seconds:
                return f"had no worker READY {self._limits.starting_seconds:g} s after its start"
            return None
        if now - self._last_ready > self._limits.not_ready_seconds:
            what = "had no worker READY" if self._answered else "did not say whether its workers are READY"
            return f"{what} for {self._limits.not_ready_seconds:g} s"
        if self._unpredicting_since is not None and now - self._unpredicting_since > self._limits.unpredicting_seconds:
            return f"gave no right prediction for {self._limits.unpredicting_seconds:g} s ({self._complaint})"
        return None


async def watch_model(watch: RestartJudge, watched: Watched, http: httpx.AsyncClient, gateway_url: str) -> None:
    """Ask TorchServe and the gateway about the model and restart TorchServe when the watch says so.

    The gateway complains of the version that it serves, so that counts only for the TorchServe that has it. Never returns; cancel it.
    """
    life: Child | None = None
    own: str | None = None
    while True:
        workers, loaded, said, served = await asyncio.gather(
            probes.ready_workers(http, watched.management_url, watched.model),
            probes.loaded_version(http, watched.management_url, watched.model),
            probes.readiness(http, gateway_url),
            probes.model_version(http, gateway_url, watched.model),
        )
        if life is not watched.life():
            life, own = watched.life(), None
            watch.started()
        own = loaded or own
        serves = watched.is_first if served is None else own == served
        watch.saw_workers(workers)
        # a gateway that does not answer says nothing about the model
        watch.saw_gateway(said.model_complaint(watched.model) if said and serves else None)
        if life is not None and (reason := watch.verdict()) is not None:
            await watched.restart(reason)
        await asyncio.sleep(PAUSE_SECONDS)

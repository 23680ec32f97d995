"""What a prediction needs of others: who computes, who knows what is served, who remembers. It knows none of their libraries."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.contract import ModelVersion, Prediction
from gateway.sharing import Share
from gateway.trace import Headers

LARGEST_BATCH = 64
"""Pictures that the model is asked about at a time."""

LARGEST_LOOKUP = 64
"""Keys that the shared cache is asked for at a time."""

RETRY_AFTER_SECONDS = 2.0


class VersionGone(Exception):
    """The instance no longer has this version: look again which is current."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of /readyz: well, or the reason why not."""

    ok: bool
    reason: str | None = None


class RedisKey(NamedTuple):
    """Whose answer, by which model and version, to which canonical pixels (`digest`: SHA-256 of their bytes)."""

    tenant: str | None
    model: str
    version: str
    digest: bytes

    @property
    def raw(self) -> bytes:
        """`digits:<tenant or ->:<model>:<version>:<32 bytes>`, without braces, so that a cluster spreads it."""
        return _prefix(self.tenant, self.model, self.version) + self.digest


@lru_cache(256)
def _prefix(tenant: str | None, model: str, version: str) -> bytes:
    return f"digits:{tenant or '-'}:{model}:{version}:".encode()


class Model(Protocol):
    """Whoever computes: TorchServe behind `gateway.model_client`, or a network in this process (`gateway.device`)."""

    async def logits(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """One Prediction for each of 1 to LARGEST_BATCH canonical pictures, in order. Raises VersionGone or a Problem."""

    async def ask(self, model: ModelVersion, pixels: Sequence[NDArray[np.uint8]], whose: Headers = ()) -> list[Prediction]:
        """As `logits`, in no series: for known digits, which are nobody's traffic."""


class Watch(Protocol):
    """Whoever knows which version is served now, and what stands beside it."""

    @property
    def current(self) -> ModelVersion:
        """Raises ModelUnavailable."""

    @property
    def computing(self) -> Check:
        """Whether anybody is there who computes."""

    @property
    def sharing(self) -> Share | None:
        """What a candidate answers now."""

    @property
    def shadowed(self) -> ModelVersion | None:
        """The candidate, while it only looks on."""

    def doubt(self, model: ModelVersion) -> None:
        """Somebody had no answer from this version, which is not the served one."""

    async def look_beyond(self, gone: ModelVersion) -> None:
        """Look whether another version is served by now."""


class SharedCache(Protocol):
    """Whoever remembers for all replicas."""

    async def get(self, keys: list[RedisKey], asked_at: float) -> list[Prediction | None]:
        """What is kept under each of 1 to LARGEST_LOOKUP keys."""

    def put(self, key: RedisKey, prediction: Prediction) -> None:
        """Remember, in the background."""

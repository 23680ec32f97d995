"""Connections to PostgreSQL that wait for no server that is silent: a frozen one is left by us, a vanished one by the system too."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from gateway.records.store import CONNECT_SECONDS

SILENT_SECONDS = 8
"""Longer than the server lets any statement of ours run, but for those of a migration."""

LIMITS = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": SILENT_SECONDS * 1000,
    "keepalives_idle": SILENT_SECONDS // 2,
    "keepalives_interval": SILENT_SECONDS // 4,
    "keepalives_count": 2,
}
"""As libpq names them; what a URL says of its own goes first. A host that is gone refuses nothing, and the system alone would send again
for a quarter of an hour."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
RV = TypeVar("RV")


class Impatient(psycopg.Connection[Any]):
    """Left once the server has said nothing for SILENT_SECONDS while something was asked, which raises ServerSilent."""

    def wait(self, gen: PQGen[RV], *arguments: Any, **options: Any) -> RV:
        try:
            return super().wait(_as_long_as_it_speaks(gen), *arguments, **options)
        except ServerSilent:
            self.close()
            raise


class ServerSilent(psycopg.OperationalError):
    """Nothing came in SILENT_SECONDS."""


def impatient(url: URL, **options: Any) -> Impatient:
    """One connection, whose statements are their own transactions. Raises psycopg.Error."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Impatient.connect(text, autocommit=True, **_limits(url), **options)


def impatient_engine(url: URL, **of_the_pool: Any) -> Engine:
    """The same for sqlalchemy."""
    engine = patient_engine(url, **of_the_pool)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> Impatient:
        return Impatient.connect(*arguments, **options)

    return engine


def patient_engine(url: URL, *, connect_args: Mapping[str, Any] = NOTHING, **of_the_pool: Any) -> Engine:
    """For statements that may take long: a vanished host is noticed, a frozen one is waited for."""
    return create_engine(url, connect_args={**_limits(url), **connect_args}, **of_the_pool)


def _limits(url: URL) -> dict[str, Any]:
    return {name: value for name, value in LIMITS.items() if name not in url.query}


def _as_long_as_it_speaks(gen: PQGen[RV]) -> PQGen[RV]:
    """The same generator; psycopg sends it 0 some times a second while the socket has nothing."""
    heard_at = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > SILENT_SECONDS:
                raise ServerSilent(f"nothing for {SILENT_SECONDS:g} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        value: RV = end.value
        return value

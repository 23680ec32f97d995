"""What a request asks beside its pictures, whichever call it is: which caches, which model, whether pixels may be kept, until when."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.types import Scope

from gateway.contract import ANY_USE, CacheUse
from gateway.errors import Malformed

WISHES = frozenset((b"cache-control", b"x-consent"))
"""Headers that ask for more than a digit."""

READ_HEADERS = WISHES | {b"content-type", b"content-length"}

MODEL_PARAMETER = {
    "name": "model",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Which model, where more than one is served.",
}
"""As OpenAPI shows it."""


class Asked(NamedTuple):
    """One request's wishes, and what it is called."""

    headers: dict[bytes, bytes]
    """Those that mean something here, by name in lower case."""
    use: CacheUse
    model: str | None
    consent: bool
    """The canonical pixels may be kept, to train later models."""
    request_id: str
    started: float
    """By `time.perf_counter`."""
    deadline: float
    """By the event loop's time."""


def read_asked(scope: Scope, deadline_seconds: float) -> Asked:
    """What a request that was observed asks. Raises Malformed."""
    state, headers = scope["state"], read_headers(scope["headers"])
    return Asked(
        headers,
        cache_use(headers[b"cache-control"]) if b"cache-control" in headers else ANY_USE,
        chosen_model(scope["query_string"]) if scope["query_string"] else None,
        headers.get(b"x-consent", b"").strip().lower() == b"training",
        state["request_id"],
        state["started"],
        asyncio.get_running_loop().time() + deadline_seconds,
    )


def read_headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Those that mean something here, by name; one that is sent several times is a list (RFC 9110, 5.3)."""
    values: dict[bytes, bytes] = {}
    repeated: dict[bytes, list[bytes]] = {}
    for name, value in sent:
        if name not in READ_HEADERS:
            continue
        if name in values:
            repeated.setdefault(name, [values[name]]).append(value)
        else:
            values[name] = value
    return values | {name: b", ".join(several) for name, several in repeated.items()} if repeated else values


def cache_use(control: bytes) -> CacheUse:
    """What a request's Cache-Control allows."""
    directives = {directive.strip().lower() for directive in control.split(b",")}
    if b"no-store" in directives:
        return CacheUse(read=False, write=False)
    return CacheUse(read=b"no-cache" not in directives)


def chosen_model(query: bytes) -> str | None:
    """The query's `model`, the last one where there are several. Raises Malformed."""
    try:
        chosen = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100).get("model")
    except ValueError as error:
        raise Malformed("the query is none") from error
    return chosen[-1] if chosen else None

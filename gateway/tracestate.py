"""W3C Trace Context, level 1: what other tracing systems say beside a traceparent, which is handed on as it came."""

import re
from collections.abc import Iterable

HEADER = b"tracestate"
MOST_MEMBERS = 32
"""More are against the standard."""

MOST_BYTES = 512
"""So many the standard wants handed on; of more, whole members are left out."""

LARGE_BYTES = 128
"""Members larger than this go first."""

MEMBER = re.compile(
    rb"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"  # a system, or a tenant of one
    rb"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
"""Its name and its value, which is printable, holds neither comma nor equals sign, and does not end in a space."""


def read_tracestate(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """What these headers, named in lower case, say, as one. None: nothing, or not as the standard has it, which is to be dropped."""
    said = b",".join(value for name, value in headers if name == HEADER)
    members = [member for each in said.split(b",") if (member := each.strip(b" \t"))]
    if not members or len(members) > MOST_MEMBERS or not all(map(MEMBER.fullmatch, members)):
        return None
    return b",".join(_shortened(members)) or None


def _shortened(members: list[bytes]) -> list[bytes]:
    """All of them, where they are not too long: large ones are left out first, then the last, which changed longest ago."""
    if _length(members) > MOST_BYTES:
        members = [member for member in members if len(member) <= LARGE_BYTES]
    while _length(members) > MOST_BYTES:
        members = members[:-1]
    return members


def _length(members: list[bytes]) -> int:
    return sum(len(member) + 1 for member in members) - 1

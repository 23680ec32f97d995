"""W3C Trace Context, level 1: the header by which a request says which trace it is part of, read and made."""

import re
from collections.abc import Iterable
from typing import NamedTuple

HEADER = b"traceparent"
FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
SAMPLED = 0x01


class Caller(NamedTuple):
    """Who asks: a span in a trace."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 of them."""
    sampled: bool
    """Whether the caller is recorded, and wants us to be."""


def read_caller(headers: Iterable[tuple[bytes, bytes]]) -> Caller | None:
    """Who says to ask, in headers named in lower case. None: nobody does, or not as the standard has it, which is to be ignored."""
    said = [value for name, value in headers if name == HEADER]
    return read_traceparent(said[0]) if len(said) == 1 else None


def read_traceparent(said: bytes) -> Caller | None:
    """Versions to come are read as far as this one knows them, which they promise to allow."""
    form = FORM.fullmatch(said.strip(b" \t"))
    if form is None:
        return None
    version, trace_id, span_id, flags, more = form.groups()
    if version == b"ff" or (version == b"00" and more is not None) or not trace_id.strip(b"0") or not span_id.strip(b"0"):
        return None
    return Caller(trace_id.decode(), span_id.decode(), bool(int(flags, 16) & SAMPLED))


def traceparent(trace_id: str, span_id: str) -> bytes:
    """What a span that is recorded says to whom it asks."""
    return b"00-%b-%b-01" % (trace_id.encode(), span_id.encode())

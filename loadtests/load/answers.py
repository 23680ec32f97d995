"""What is wrong with an answer, whatever it is: each tells None where nothing is, and never raises."""

import json
from collections.abc import Sequence
from typing import Any


def parsed(body: bytes | None) -> Any:
    """Its JSON; None where it is none."""
    try:
        return json.loads(body or b"")
    except ValueError:
        return None


def member(answer: Any, name: str) -> Any:
    """None where there is none."""
    return answer.get(name) if isinstance(answer, dict) else None


def wrong_digit(answer: Any, digit: int) -> str | None:
    read = member(answer, "digit")
    return None if read == digit else f"{digit} was read as {read if isinstance(read, int) else 'no digit'}"


def out_of_a_cache(answer: Any) -> str | None:
    return "a new picture was answered from a cache" if member(answer, "cache") == "hit" else None


def wrong_digits(answer: Any, digits: Sequence[int]) -> str | None:
    """Of a batch: one result a picture, in order."""
    results = member(answer, "results")
    if not isinstance(results, list) or len(results) != len(digits):
        return "not one result a picture"
    return next(filter(None, map(wrong_digit, results, digits)), None)

"""How many requests our gateway answered, and how many lookups in its caches found one, as its own counters have it."""

import re
import time
import urllib.request
from typing import NamedTuple

from loadtests.programs import Failed

ANSWERS = re.compile(r'^gateway_requests_total\{(?=[^}]*route="/v1/predict(?:/batch)?")[^}]*\} (\S+)$', re.MULTILINE)
HITS = re.compile(r'^gateway_cache_lookups_total\{(?=[^}]*outcome="hit")[^}]*\} (\S+)$', re.MULTILINE)
TOLD_WITHIN_SECONDS = 5.0
"""Of several processes each tells the others every second what it counted."""


class Counted(NamedTuple):
    """Since the gateway started."""

    answers: float
    hits: float
    """In whichever tier."""


def counted(url: str) -> Counted:
    """By the gateway at this URL until now. Raises OSError."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        return counted_in(answer.read().decode())


def counted_at_least(url: str, answers: float) -> Counted:
    """As soon as so many answers are counted. Raises Failed where they are not, OSError."""
    deadline = time.monotonic() + TOLD_WITHIN_SECONDS
    while (seen := counted(url)).answers < answers:
        if time.monotonic() > deadline:
            raise Failed(f"the gateway counts {seen.answers:.0f} answers and gave {answers:.0f}")
        time.sleep(0.1)
    return seen


def counted_in(metrics: str) -> Counted:
    """Raises ValueError where there are no such counters: they exist from the start."""
    answers, hits = ANSWERS.findall(metrics), HITS.findall(metrics)
    if not answers or not hits:
        raise ValueError("no gateway_requests_total or no gateway_cache_lookups_total among the metrics")
    return Counted(sum(map(float, answers)), sum(map(float, hits)))

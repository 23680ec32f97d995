"""How many answers came out of our caches, as the gateway's own counter has it."""

import re
import urllib.request

HITS = re.compile(r'^gateway_cache_lookups_total\{(?=[^}]*outcome="hit")[^}]*\} (\S+)$', re.MULTILINE)


def hits(url: str) -> float:
    """Since the gateway at this URL started, in whichever tier. Raises OSError."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        return hits_in(answer.read().decode())


def hits_in(metrics: str) -> float:
    """Raises ValueError where there is no such counter: it exists from the start."""
    if not (found := HITS.findall(metrics)):
        raise ValueError("no gateway_cache_lookups_total among the metrics")
    return sum(map(float, found))

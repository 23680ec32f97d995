"""What PromQL expressions read, and the names that they may read."""

import re
from functools import cache

from gateway.metrics import Metrics
from tests.monitoring.rules import NAME, records, without_strings

WHOLE_NAME = re.compile(rf"(?<![\w:.]){NAME.pattern}")
"""Not the `e` of 1e-4 or the `h` of 1h."""

KEYWORDS = frozenset(("and", "or", "unless", "bool", "offset"))
LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
NOT_NAMES = re.compile(r"\{[^}]*\}|\[[^\]]*\]")
FUNCTION = re.compile(r"[a-z_][a-z0-9_]*\s*\(")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}

PROMETHEUS_S = frozenset(("up", "ALERTS"))
TORCHSERVE_S = frozenset(
    (
        "ts_inference_requests_total",
        "ts_inference_latency_microseconds",
        "ts_queue_latency_microseconds",
        "Requests2XX",
        "Requests4XX",
        "Requests5XX",
        "QueueTime",
        "WorkerThreadTime",
        "WorkerLoadTime",
    )
)
"""Those that it exports with its system metrics off; a test compares with what it said."""


def metrics_in(expr: str) -> set[str]:
    """The names of all series that an expression reads."""
    bare = NOT_NAMES.sub(" ", LABELS.sub(" ", without_strings(expr)))
    for operator in ("by", "without"):
        bare = re.sub(rf"\b{operator}\b", " ", bare)
    return set(WHOLE_NAME.findall(FUNCTION.sub("(", bare))) - KEYWORDS


@cache
def known_metrics() -> frozenset[str]:
    """All that there is: the gateway's series, the records, Prometheus's own, TorchServe's."""
    families = Metrics().registry.collect()
    exported = {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES[family.type]}
    return frozenset(exported) | records() | PROMETHEUS_S | TORCHSERVE_S


def unknown_in(expr: str) -> set[str]:
    """The names of series that an expression reads and nothing makes."""
    return metrics_in(expr) - known_metrics()

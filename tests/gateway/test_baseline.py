"""The baseline is what was measured last; a damaged one is told and leaves nothing to be compared with."""

from pathlib import Path

import pytest

from gateway.baseline import FILE, BaselineUnusable, BaselineWatch, LatencyBaseline
from gateway.metrics import Metrics

BASELINE = LatencyBaseline(
    "ab12cd34ef56", 50.0, "2026-01-01T00:00:00Z", {"miss": 1500, "hit": 1500}, {"miss": {"0.95": 0.004}, "hit": {"0.95": 0.001}}
)


def told(metrics: Metrics, cache: str = "miss") -> float | None:
    labels = {"quantile": "0.95", "cache": cache, "model_version": "ab12cd34ef56"}
    return metrics.registry.get_sample_value("digits_baseline_latency_seconds", labels)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert LatencyBaseline.read(tmp_path) is None
    BASELINE.write(tmp_path / "state")
    assert LatencyBaseline.read(tmp_path / "state") == BASELINE


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model_version": "x"}'])
def test_a_damaged_baseline_says_how_to_make_another(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(BaselineUnusable, match="python -m gateway baseline"):
        LatencyBaseline.read(tmp_path)


def test_the_series_follow_the_file(tmp_path: Path) -> None:
    metrics = Metrics()
    watch = BaselineWatch(tmp_path, metrics)
    watch.look()
    assert told(metrics) is None
    BASELINE.write(tmp_path)
    watch.look()
    assert (told(metrics), told(metrics, "hit")) == (0.004, 0.001)
    (tmp_path / FILE).write_text("damaged")
    watch.look()
    assert told(metrics) is None

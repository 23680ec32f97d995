import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from gateway.later import MOST_NOTES, BulkHistogram, Later, Settling

BUCKETS = (0.1, 0.5, 1.0)


@given(st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.100001, 0.5, 0.7, 1.0, 3.0, -1.0]), max_size=30))
def test_many_values_are_counted_as_one_by_one(values: list[float]) -> None:
    together, apart = CollectorRegistry(), CollectorRegistry()
    BulkHistogram("h", "", ["l"], buckets=BUCKETS, registry=together).labels("x").observe_all(values)
    one_by_one = Histogram("h", "", ["l"], buckets=BUCKETS, registry=apart).labels("x")
    for value in values:
        one_by_one.observe(value)
    for edge in ("0.1", "0.5", "1.0", "+Inf"):
        labels = {"l": "x", "le": edge}
        assert together.get_sample_value("h_bucket", labels) == apart.get_sample_value("h_bucket", labels)
    assert together.get_sample_value("h_count", {"l": "x"}) == len(values)
    assert together.get_sample_value("h_sum", {"l": "x"}) == pytest.approx(sum(values))


def test_notes_wait_until_somebody_looks_or_they_are_many() -> None:
    added: list[list[int]] = []
    later = Later(added.append)
    later.settle()
    assert added == []
    later.note(1)
    later.note(2)
    assert added == []
    later.settle()
    later.settle()
    assert added == [[1, 2]]
    for number in range(MOST_NOTES):
        later.note(number)
    assert len(added) == 2


def test_a_scrape_sees_what_waited() -> None:
    registry = CollectorRegistry()
    counter: Counter
    later = Later[int](lambda notes: counter.inc(sum(notes)))
    registry.register(Settling(later.settle))
    counter = Counter("c", "", registry=registry)
    later.note(3)
    assert registry.get_sample_value("c_total") == 3

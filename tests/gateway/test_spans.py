"""Where spans lie, made of how long each part took."""

import itertools

import pytest

from gateway.contract import CacheState
from gateway.spans import LONGEST_PATH, Answered, Kind, Span, parts_of, spans_of
from gateway.trace import Told, Trace
from tests.gateway.answers import CALLER_ID, MODEL, answer, trace

ANSWERED = Answered("POST", "/v1/predict", "/v1/predict", 200, "mine")


def spans(mine: Trace, answered: Answered = ANSWERED) -> list[Span]:
    ids = itertools.count()
    return spans_of(mine, answered, lambda: f"{next(ids):016x}")


def test_parts_of_a_miss_follow_on_each_other() -> None:
    miss = answer(CacheState.MISS, (2.0, 8.0), decode=1.0, cache=2.0, queue=1.0, model=2.5)
    assert parts_of(Told(miss, 9.0, 9.5)) == [
        ("decode", 1.0, 2.0),
        ("cache", 2.5, 4.5),
        ("queue", 4.5, 5.5),
        ("model", 5.5, 8.0),
        ("record", 9.0, 9.5),
    ]


def test_a_hit_is_looked_up_and_recorded() -> None:
    assert parts_of(Told(answer(CacheState.HIT, cache=1.0), 5.0, 6.0)) == [("cache", 4.0, 5.0), ("record", 5.0, 6.0)]


def test_who_finds_it_after_decoding_has_waited_for_nothing_else() -> None:
    late = answer(CacheState.HIT, (2.0, 2.0), decode=1.0)
    assert parts_of(Told(late, 3.0, 4.0)) == [("decode", 1.0, 2.0), ("record", 3.0, 4.0)]


def test_who_joins_a_picture_on_its_way_is_told_what_was_left_of_the_way() -> None:
    joined = answer(CacheState.COALESCED, (6.0, 8.0), decode=1.0, cache=2.0, queue=1.0, model=4.0)
    assert parts_of(Told(joined, 9.0, 9.5))[1:4] == [("cache", 6.0, 6.0), ("queue", 6.0, 6.0), ("model", 6.0, 8.0)]


def test_the_root_says_what_became_of_the_request_and_its_children_lie_within() -> None:
    mine = trace()
    began = mine.began
    miss = answer(CacheState.MISS, (began + 1e-6, began + 4e-6), decode=1e-6, cache=1e-6, queue=1e-6, model=1e-6)
    mine.told.append(Told(miss, began + 5e-6, began + 6e-6))
    mine.links.append(("b" * 32, "b" * 16))
    root, *children = spans(mine)
    assert (root.name, root.kind, root.span_id, root.parent_id) == ("POST /v1/predict", Kind.SERVER, mine.span_id, CALLER_ID)
    assert root.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/predict",
        "http.response.status_code": 200,
        "url.path": "/v1/predict",
        "digitserve.request_id": "mine",
        "digitserve.digit": 7,
        "digitserve.model_version": MODEL.version,
        "digitserve.cache": "miss",
    }
    assert not root.failed
    assert [child.name for child in children] == ["decode", "cache", "queue", "model", "record"]
    assert {child.parent_id for child in children} == {root.span_id}
    assert {span.trace_id for span in (root, *children)} == {mine.trace_id}
    assert len({span.span_id for span in (root, *children)}) == 6
    assert all(root.start_ns <= child.start_ns <= child.end_ns <= root.end_ns for child in children)
    model = children[3]
    assert (model.span_id, model.kind, model.links) == (mine.model_id, Kind.CLIENT, (("b" * 32, "b" * 16),))
    assert all(child.kind is Kind.INTERNAL and not child.links for child in children if child is not model)


def test_of_several_pictures_each_has_its_own_and_one_is_what_the_model_was_told() -> None:
    mine = trace()
    began = mine.began
    mine.told.append(Told(answer(CacheState.HIT, cache=1e-6), began + 2e-6, began + 3e-6))
    for _ in range(2):
        mine.told.append(Told(answer(CacheState.MISS, (began, began + 2e-6), queue=1e-6, model=1e-6), began + 3e-6, began + 4e-6))
    root, *others = spans(mine, ANSWERED._replace(route="/v1/predict/batch"))
    pictures = [span for span in others if span.name == "picture"]
    assert "digitserve.digit" not in root.attributes
    assert [picture.attributes["digitserve.cache"] for picture in pictures] == ["hit", "miss", "miss"]
    assert {picture.parent_id for picture in pictures} == {root.span_id}
    parts = [[span for span in others if span.parent_id == picture.span_id] for picture in pictures]
    assert [[span.name for span in each] for each in parts] == [["cache", "record"], *[["queue", "model", "record"]] * 2]
    assert all(part.start_ns >= picture.start_ns for picture, each in zip(pictures, parts, strict=True) for part in each)
    assert [span.span_id == mine.model_id for each in parts for span in each if span.name == "model"] == [True, False]
    assert len({span.span_id for span in (root, *others)}) == 1 + len(others)


@pytest.mark.parametrize(("status", "failed"), [(200, False), (404, False), (499, False), (500, True), (503, True)])
def test_a_request_without_an_answer_is_a_root_alone_which_failed_where_the_fault_is_ours(status: int, failed: bool) -> None:
    [root] = spans(trace(), ANSWERED._replace(status=status))
    assert (root.failed, root.attributes["http.response.status_code"]) == (failed, status)


def test_a_path_that_is_none_of_ours_makes_no_name_and_does_not_fill_memory() -> None:
    [root] = spans(trace(), ANSWERED._replace(route=None, path="/" + "x" * 2**16))
    assert root.name == "POST"
    assert "http.route" not in root.attributes
    assert len(str(root.attributes["url.path"])) == LONGEST_PATH

"""What is wrong with an answer is named, whatever the answer is."""

from typing import Any

import pytest

from loadtests.load.answers import member, out_of_a_cache, parsed, wrong_digit, wrong_digits

NONSENSE: list[Any] = [None, 7, "7", [], [{"digit": 7}], {}, {"digit": None}, {"digit": "7"}, {"results": 7}, {"results": [7, None]}]


def test_the_right_digit_is_no_fault() -> None:
    assert wrong_digit({"digit": 7}, 7) is None
    assert wrong_digit({"digit": 1}, 7) == "7 was read as 1"


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_a_fault_and_raises_nothing(answer: Any) -> None:
    assert wrong_digit(answer, 7) == "7 was read as no digit"
    assert wrong_digits(answer, [7, 7]) is not None
    assert out_of_a_cache(answer) is None
    assert member(answer, "prediction_id") is None


@pytest.mark.parametrize("body", [None, b"", b"{", b"\xff"])
def test_what_is_no_json_is_nothing(body: bytes | None) -> None:
    assert parsed(body) is None


def test_a_hit_is_a_fault_where_the_picture_was_new() -> None:
    assert out_of_a_cache({"cache": "hit"}) is not None
    assert out_of_a_cache({"cache": "miss"}) is None


def test_a_batch_has_one_right_result_a_picture_in_order() -> None:
    results = [{"digit": 1}, {"digit": 2}]
    assert wrong_digits({"results": results}, [1, 2]) is None
    assert wrong_digits({"results": results}, [2, 1]) == "2 was read as 1"
    assert wrong_digits({"results": results[:1]}, [1, 2]) == "not one result a picture"
    assert wrong_digits({"results": [*results, results[0]]}, [1, 2]) == "not one result a picture"
    assert wrong_digits({"results": [results[0], {"status": 422}]}, [1, 2]) == "2 was read as no digit"

"""Writers send each picture with its label, and what was answered can be told by version."""

import threading
import time
from typing import Any

import pytest

from loadtests.client import Gateway, Refused
from loadtests.drills.writers import Writers, Written, accuracy, shares
from loadtests.meanwhile import meanwhile
from loadtests.programs import Failed


class Answering(Gateway):
    """Reads the first byte of a picture, by version a and b in turn."""

    def __init__(self, fails: bool = False) -> None:
        self.labels: dict[str, int] = {}
        self._asked, self._fails, self._lock = 0, fails, threading.Lock()

    def predict_and_keep(self, picture: bytes) -> dict[str, Any]:
        if self._fails:
            raise Refused("503")
        with self._lock:
            self._asked += 1
            return {"prediction_id": str(self._asked), "digit": picture[0], "model": {"version": "ab"[self._asked % 2]}}

    def label(self, prediction_id: str, label: int) -> None:
        self.labels[prediction_id] = label


def test_each_picture_is_labelled_with_what_was_meant() -> None:
    gateway = Answering()
    writers = Writers(gateway, iter([]))
    writers.write([(bytes([digit]), (digit + (digit == 3)) % 10) for digit in range(10)])
    assert sorted(gateway.labels.values()) == [0, 1, 2, 4, 4, 5, 6, 7, 8, 9]
    assert accuracy(writers.written) == 0.9


def test_shares_are_by_the_version_that_answered() -> None:
    assert shares([Written("a", 1, 1)] * 9 + [Written("b", 1, 1)]) == {"a": 0.9, "b": 0.1}


def test_they_go_on_until_it_is_over() -> None:
    writers = Writers(Answering(), iter([(bytes([1]), 1)] * 100_000))
    with meanwhile(lambda over: writers.go_on(200.0, over)):
        assert len(writers.wait_for(20)) >= 20


def test_a_request_that_fails_is_told_at_the_end() -> None:
    writers = Writers(Answering(fails=True), iter([(bytes([1]), 1)] * 100))
    with pytest.raises(Refused), meanwhile(writers.hurry):
        pass


def test_who_waits_for_answers_is_told_of_the_first_request_that_fails() -> None:
    writers = Writers(Answering(fails=True), iter([(bytes([1]), 1)] * 100))
    begun = time.monotonic()
    with pytest.raises(Refused), meanwhile(writers.hurry):
        writers.wait_for(20, seconds=20)
    assert time.monotonic() - begun < 10


def test_answers_are_not_waited_for_without_end() -> None:
    with pytest.raises(Failed, match="20 answers took more than 0 s"):
        Writers(Answering(), iter([])).wait_for(20, seconds=0.1)

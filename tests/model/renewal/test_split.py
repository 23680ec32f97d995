"""Labelled pictures are divided by whole groups, always alike, and what the gate asks was seen by nobody before."""

import numpy as np

from model.renewal.agreement import Pictures, agreed
from model.renewal.split import CALLERS_NEEDED, CHOSEN_BY, KEPT, split
from tests.model.renewal.records import picture, record


def pictures(callers: int, each: int) -> Pictures:
    made = [record(picture(1_000 * caller + number), number % 10, f"caller{caller}") for caller in range(callers) for number in range(each)]
    return agreed(made)[0]


def test_of_few_callers_pictures_of_each_are_held_out() -> None:
    told = split(pictures(2, 50))
    assert (told.by, len(told.gate), len(told.choice), len(told.training)) == ("pictures", 100 * KEPT, 100 * CHOSEN_BY, 70)
    assert {caller for part in (told.gate, told.choice, told.training) for (caller,) in part.callers} == {"caller0", "caller1"}


def test_of_many_callers_whole_ones_are_held_out() -> None:
    told = split(pictures(10, 4))
    parts = [{caller for (caller,) in part.callers} for part in (told.gate, told.choice, told.training)]
    assert (told.by, [len(part) for part in parts]) == ("callers", [2, 1, 7])
    assert len(set.union(*parts)) == 10


def test_no_picture_is_in_two_parts_and_none_is_lost() -> None:
    for callers in (1, CALLERS_NEEDED):
        whole = pictures(callers, 30)
        told = split(whole)
        assert sorted([*told.gate.digests, *told.choice.digests, *told.training.digests]) == list(whole.digests)


def test_the_order_of_the_pictures_changes_nothing() -> None:
    whole = pictures(1, 40)
    other = split(whole[np.random.default_rng(0).permutation(40)])
    assert set(other.gate.digests) == set(split(whole).gate.digests)

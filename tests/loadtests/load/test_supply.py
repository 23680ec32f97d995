"""New pictures are new, also to the next run; repeated ones are few; popular ones are popular."""

from collections import Counter

from loadtests.load.supply import CATALOGUE, REPEATED, Supply


def test_what_is_new_was_not_sent_before_in_this_run_or_another() -> None:
    one, other = Supply(), Supply()
    pictures = [give().png for supply in (one, other) for give in (supply.new, supply.repeated, supply.popular) for _ in range(10)]
    again = {supply.popular().png for supply in (one, other) for _ in range(100)}
    new = [supply.new().png for supply in (one, other) for _ in range(200)]
    assert len(set(new)) == 400
    assert not set(new) & {*pictures, *again}


def test_few_are_repeated() -> None:
    supply = Supply()
    assert len({supply.repeated().png for _ in range(50)}) == REPEATED


def test_some_are_popular_and_many_are_not() -> None:
    supply = Supply()
    (_, most), *_, (_, least) = Counter(supply.popular().png for _ in range(CATALOGUE)).most_common()
    assert most > CATALOGUE / 20
    assert least == 1

from gateway.randomness import FETCHED_BYTES, RandomBytes


def test_what_is_given_has_the_size_and_is_never_given_again() -> None:
    random = RandomBytes()
    given = [random.take(8) for _ in range(FETCHED_BYTES // 8 * 3 + 1)]
    assert {len(each) for each in given} == {8}
    assert len(set(given)) == len(given)


def test_what_is_left_is_thrown_away_where_it_is_too_little() -> None:
    random = RandomBytes()
    assert len(random.take(FETCHED_BYTES - 1)) == FETCHED_BYTES - 1
    assert len(random.take(8)) == 8

import hashlib

from gateway.sharing import Share
from tests.gateway.answers import MODEL


def test_a_share_is_of_digests_always_the_same_and_a_larger_one_holds_a_smaller_one() -> None:
    digests = [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(10_000)]
    taken = {percent: {digest for digest in digests if Share(MODEL, percent).takes(digest)} for percent in (0, 1, 10, 50, 100)}
    assert not taken[0]
    assert 60 < len(taken[1]) < 140
    assert 880 < len(taken[10]) < 1_120
    assert len(taken[100]) == 10_000
    assert taken[1] < taken[10] < taken[50] < taken[100]
